// Sends with @parse/node-apn: PORT, then TOKEN of each notification. A line of JSON for each answer.

const apn = require('@parse/node-apn');

const [port, ...tokens] = process.argv.slice(2);

async function main() {
  const provider = new apn.Provider({
    cert: 'leaf.pem',
    key: 'key.pem',
    ca: 'ca.pem',
    address: 'localhost',
    port: Number(port),
    connectionRetryLimit: 0,
  });
  for (const [number, token] of tokens.entries()) {
    const notification = new apn.Notification({ aps: { alert: 'Hello' } });
    notification.topic = 'com.example.app';
    notification.pushType = 'alert';
    notification.priority = 10;
    notification.id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
    const { sent, failed } = await provider.send(notification, token);
    for (const { device } of sent) {
      console.log(JSON.stringify({ device, status: 200 }));
    }
    for (const { device, status, response, error } of failed) {
      const reason = response ? response.reason : `${error}`;
      console.log(JSON.stringify({ device, status, reason }));
    }
  }
  await provider.shutdown();
}

main();
