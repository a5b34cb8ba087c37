// Sends to every token of a file over one connection: PEERS PORT CK.PEM CA.PEM TOKENS TOPIC. Ends with 1 if one was not taken.

const fs = require('fs');
const [peers, port, identity, authorities, tokens, topic] = process.argv.slice(2);
const apn = require(`${peers}/node_modules/@parse/node-apn`);

// Of 10,000 at once Node refuses about 400 itself (ENHANCE_YOUR_CALM): they exceed the memory that it gives one session.
const WAVE = 1000;

async function main() {
  const provider = new apn.Provider({
    cert: identity, key: identity, ca: authorities, address: 'localhost', port: Number(port), production: false,
  });
  const notification = new apn.Notification();
  Object.assign(notification, { topic, alert: 'Hello', pushType: 'alert' });
  const list = fs.readFileSync(tokens, 'utf8').trim().split('\n');
  let failed = 0;
  for (let begin = 0; begin < list.length; begin += WAVE) {
    const answers = await provider.send(notification, list.slice(begin, begin + WAVE));
    failed += answers.failed.length;
  }
  await provider.shutdown();
  process.exitCode = failed === 0 ? 0 : 1;
}

main();
