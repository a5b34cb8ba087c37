"""Sends with aioapns: PORT, then TOKEN of each notification. A line of JSON for each answer."""

import asyncio
import json
import ssl
import sys

from aioapns import APNs, NotificationRequest, PushType
from aioapns.connection import APNsProductionClientProtocol


async def main(port, tokens):
    # The library has no parameter for it.
    APNsProductionClientProtocol.APNS_SERVER = "localhost"
    APNsProductionClientProtocol.APNS_PORT = int(port)
    context = ssl.create_default_context(cafile="ca.pem")
    apns = APNs(
        client_cert="ck.pem",
        topic="com.example.app",
        ssl_context=context,
        max_connection_attempts=1,
    )
    requests = [
        NotificationRequest(
            device_token=token,
            message={"aps": {"alert": "Hello"}},
            push_type=PushType.ALERT,
            priority=10,
            notification_id=f"00000000-0000-4000-8000-{number:012}",
        )
        for number, token in enumerate(tokens)
    ]
    for answer in await asyncio.gather(*map(apns.send_notification, requests)):
        told = {"id": answer.notification_id, "status": int(answer.status)}
        print(json.dumps(told | {"reason": answer.description}))
    apns.pool.close()


asyncio.run(main(sys.argv[1], sys.argv[2:]))
