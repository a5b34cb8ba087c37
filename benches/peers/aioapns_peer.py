"""Sends to every token of a file over one connection: PEERS PORT CK.PEM CA.PEM TOKENS TOPIC. Ends with 1 if one was not taken.
The library offers no ALPN by itself, so the TLS context of this script offers h2."""

import asyncio
import ssl
import sys

peers, port, identity, authorities, tokens, topic = sys.argv[1:]
sys.path.insert(0, f"{peers}/python")

from aioapns import APNs, NotificationRequest, connection

for protocol in (connection.APNsProductionClientProtocol, connection.APNsDevelopmentClientProtocol):
    protocol.APNS_SERVER, protocol.APNS_PORT = "localhost", int(port)


async def main():
    context = ssl.create_default_context(cafile=authorities)
    context.set_alpn_protocols(["h2"])
    client = APNs(client_cert=identity, topic=topic, max_connections=1, ssl_context=context)
    message = {"aps": {"alert": "Hello"}}
    with open(tokens) as lines:
        requests = [NotificationRequest(device_token=line.strip(), message=message) for line in lines]
    answers = await asyncio.gather(*[client.send_notification(request) for request in requests])
    return all(answer.is_successful for answer in answers)


sys.exit(0 if asyncio.run(main()) else 1)
