// Opens a page in headless Chromium, works on it with the keyboard and the mouse as a person does, and prints what it saw as JSON.
//
// node drive.mjs CHROMIUM PAGE FOLDER all|large: the folder is for the browser's profile; it talks over pipes and to nothing else.
// A large page is looked at, sorted and searched; the rest is the same as in a small one.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [chromium, page, folder, how] = process.argv.slice(2);
const flags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", `--user-data-dir=${folder}`, "--remote-debugging-pipe",
];
const browser = spawn(chromium, flags, { stdio: ["ignore", "ignore", "inherit", "pipe", "pipe"] });
const give = browser.stdio[3];

const answers = new Map();
const events = [];
const waiting = [];
let unread = "";
browser.stdio[4].setEncoding("utf8").on("data", (text) => {
  const messages = (unread + text).split("\0");
  unread = messages.pop();
  for (const message of messages.map((one) => JSON.parse(one))) {
    if (message.id) answers.get(message.id)(message);
    else {
      events.push(message);
      for (const check of [...waiting]) check(message);
    }
  }
});
let last = 0;
let session;
function send(method, params = {}) {
  const id = ++last;
  give.write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
  return new Promise((done, refuse) => answers.set(id, (message) => (message.error ? refuse(new Error(`${method}: ${message.error.message}`)) : done(message.result))));
}
const event = (method) => new Promise((done) => waiting.push((message) => message.method === method && done(message)));

const { targetId } = await send("Target.createTarget", { url: "about:blank" });
session = (await send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
for (const domain of ["Page", "Runtime", "Log", "Network"]) await send(`${domain}.enable`);
await send("Emulation.setDeviceMetricsOverride", { width: 1400, height: 1000, deviceScaleFactor: 1, mobile: false });
const loaded = event("Page.loadEventFired");
await send("Page.navigate", { url: pathToFileURL(page).href });
await loaded;

/** The value of an expression in the page, once it has done what it was about. */
async function see(expression) {
  const settled = `(async () => { const frame = () => new Promise(requestAnimationFrame); do { await frame(); await frame(); } while (filling.size); return (${expression}); })()`;
  const { result, exceptionDetails } = await send("Runtime.evaluate", { expression: settled, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}
const CODES = { Enter: 13, Escape: 27, Tab: 9, End: 35, Home: 36, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, Backspace: 8 };
async function press(...keys) {
  for (const key of keys) {
    const text = key === "Enter" ? { text: "\r" } : {};
    const about = { key, code: key, windowsVirtualKeyCode: CODES[key] };
    await send("Input.dispatchKeyEvent", { type: "keyDown", ...about, ...text });
    await send("Input.dispatchKeyEvent", { type: "keyUp", ...about });
  }
}
const type = (text) => send("Input.insertText", { text });
async function click(selector) {
  // What comes into sight may take another height than was thought, so the place is asked until it stays.
  let place, before;
  do {
    before = place;
    place = await see(`(() => { const node = document.querySelector(${JSON.stringify(selector)}); node.scrollIntoView({ block: "center" }); const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()`);
  } while (String(place) !== String(before));
  const [x, y] = place;
  for (const kind of ["mousePressed", "mouseReleased"]) await send("Input.dispatchMouseEvent", { type: kind, x, y, button: "left", clickCount: 1 });
}
const choose = (id, value) => see(`(() => { const select = document.getElementById("${id}"); select.value = ${JSON.stringify(value)}; select.dispatchEvent(new Event("change")); })()`);
const SHOWN = `[...document.querySelectorAll("#rows tr")].map((row) => row.querySelector(".open").textContent)`;
const PATHS = `[...document.querySelectorAll("#rows tr .path")].map((cell) => cell.textContent)`;
const SORTED = `[...document.querySelectorAll("#columns [aria-sort]")].map((head) => head.textContent + " " + head.getAttribute("aria-sort"))`;
const FOCUS = `document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent`;
const STATUS = `document.getElementById("shown").textContent`;
const DETAILS = `Object.fromEntries([...document.querySelectorAll("#facts dt")].map((name) => [name.textContent, name.nextElementSibling.querySelector("li") ? [...name.nextElementSibling.querySelectorAll("li")].map((one) => one.textContent) : name.nextElementSibling.textContent]))`;
const OPEN = `document.getElementById("details").open`;
const LINES = `[...document.querySelectorAll("#lanes .lane")].map((lane) => lane.getAttribute("aria-label"))`;

const saw = {};
async function all() {
  saw.title = await see("document.title");
  saw.headline = await see(`document.querySelector("h1").textContent`);
  saw.rows = await see(SHOWN);
  saw.paths = await see(PATHS);
  saw.words = await see(`[...document.querySelectorAll("#rows .severity")].map((cell) => cell.textContent)`);
  saw.status = await see(STATUS);
  saw.lines = await see(LINES);
  saw.headings = await see(`[...document.querySelectorAll("#lanes h3")].map((head) => head.textContent)`);
  saw.marks = await see(`[...document.querySelectorAll("#lanes use")].map((use) => use.getAttribute("href") + " " + use.getAttribute("aria-label"))`);
  saw.places = await see(`[...document.querySelectorAll("#lanes use")].map((use) => parseFloat(use.getAttribute("x")))`);
  saw.elements = await see(`[...new Set([...document.querySelectorAll("*")].map((one) => one.localName))].sort()`);
  saw.handlers = await see(`[...document.querySelectorAll("*")].filter((one) => [...one.attributes].some((attribute) => attribute.name.startsWith("on") || attribute.name === "style")).length`);

  saw.sorted = [[await see(SORTED), await see(SHOWN)]];
  for (const column of ["title", "title", "ends", "path"]) {
    await click(`#columns .${column} button`);
    saw.sorted.push([await see(SORTED), await see(SHOWN)]);
  }
  await click("#columns .severity button");

  saw.filtered = [];
  const filtered = async () => saw.filtered.push([await see(STATUS), await see(PATHS)]);
  await click("#severities button:last-child");
  await filtered();
  await click("#reset");
  await choose("environment", "production");
  await filtered();
  await click("#reset");
  await click("#search");
  await type("NEWS old");
  await filtered();
  saw.lines_filtered = await see(LINES);
  await press("Backspace", "Backspace", "Backspace", "Backspace");
  await filtered();
  await type(" nothing-like-this");
  await filtered();
  saw.empty = await see(`document.getElementById("empty").getBoundingClientRect().height > 0`);
  await click("#reset");
  await filtered();

  saw.groups = {};
  for (const group of ["team", "topic", "environment", "all"]) {
    await choose("group", group);
    saw.groups[group] = await see(LINES);
    if (group === "team") saw.heaps = await see(`[...document.querySelectorAll("#lanes use")].map((use) => meant.get(use).length)`);
  }

  // The keyboard alone: into the table, down, open, close, back where it was.
  await see(`document.querySelector("#columns .path button").focus()`);
  await press("Tab");
  saw.keys = [await see(FOCUS)];
  await press("ArrowDown", "ArrowDown");
  saw.keys.push(await see(FOCUS));
  await press("End");
  saw.keys.push(await see(FOCUS));
  await press("Home", "ArrowDown", "Enter");
  saw.details = await see(DETAILS);
  saw.open = [await see(OPEN), await see(FOCUS)];
  await press("Escape");
  saw.open.push(await see(OPEN), await see(FOCUS));
  await press("Tab");
  saw.keys.push(await see(`document.activeElement.closest("#table") === null`));

  // Along the timeline, and into a mark.
  await see(`document.getElementById("group").focus()`);
  await press("Tab");
  saw.along = [await see(FOCUS)];
  await press("ArrowRight");
  saw.along.push(await see(FOCUS));
  await press("ArrowDown");
  saw.along.push(await see(FOCUS));
  await press("ArrowUp", "Home");
  saw.along.push(await see(FOCUS));
  await press("Enter");
  saw.along.push(await see(DETAILS));
  await press("Escape");
  await click("#lanes .lane use");
  saw.clicked = [await see(OPEN)];
  await click("#close");
  saw.clicked.push(await see(OPEN));

  // The words above the timeline: those that run into the next one, and whether there are some.
  const axis = `(() => {
    const words = [...document.querySelectorAll("#axis text")].map((text) => [text.getBoundingClientRect(), text.textContent]);
    const shown = words.filter(([box]) => box.width).sort(([a], [b]) => a.left - b.left);
    const near = shown.filter(([box], index) => index + 1 < shown.length && box.right > shown[index + 1][0].left);
    return [near.map(([, word]) => word), shown.length > 3];
  })()`;
  saw.wideAxis = await see(axis);
  // Paper, the dark, and a narrow window.
  const colour = `getComputedStyle(document.body).backgroundColor`;
  saw.colours = [await see(colour)];
  await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
  saw.colours.push(await see(colour));
  await send("Emulation.setEmulatedMedia", { media: "print" });
  saw.paper = await see(`["search", "reset", "rows", "lanes"].map((id) => document.getElementById(id).getBoundingClientRect().height > 0)`);
  await send("Emulation.setEmulatedMedia", { media: "", features: [] });
  await send("Emulation.setDeviceMetricsOverride", { width: 360, height: 800, deviceScaleFactor: 1, mobile: false });
  saw.narrow = await see("document.documentElement.scrollWidth <= innerWidth");
  saw.axis = await see(axis);
}

async function large() {
  saw.status = await see(STATUS);
  saw.rows = (await see(SHOWN)).length;
  await click("#columns .title button");
  await click("#columns .title button");
  saw.first = await see(`document.querySelector("#rows .open").textContent`);
  await choose("group", "team");
  saw.heaps = await see(`[...document.querySelectorAll("#lanes use")].map((use) => meant.get(use).length)`);
  await click("#more");
  saw.more = await see(`document.querySelectorAll("#rows tr").length`);
  await click("#search");
  await type("APP0042 .pem");
  saw.found = [await see(STATUS), await see(SHOWN)];
}

await { all, large }[how]();
const LOUD = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening"];
saw.console = events.filter((one) => LOUD.includes(one.method)).map((one) => JSON.stringify(one.params));
saw.requests = events.filter((one) => one.method === "Network.requestWillBeSent").map((one) => new URL(one.params.request.url).protocol);
console.log(JSON.stringify(saw));
session = undefined;
await send("Browser.close");
