/**
 * Drive the page in headless Chromium: `node drive.mjs JSON`.
 *
 * JSON: address, photos (files), folder for the downloads, and optionally settings (by the
 * names of the page's elements), screenshots (a folder), scheme (light or dark), width, height, and
 * paint: whether a part of the object is then taken away by the brush, and its mesh made again, and
 * picks: by the name of a photo, the object that is then chosen in it: a click (x, y) by the mouse, or
 * corners of a box (x, y, x, y) by keys, in shares of the photo.
 * Prints what the page says about each mesh, as JSON.
 */

import { mkdir, readdir, rename } from "node:fs/promises";
import { basename, extname, join } from "node:path";

import puppeteer from "puppeteer-core";

const FORMATS = ["obj", "glb", "stl"];
const LONGEST_MS = 10 * 60 * 1000; // other work may leave this process little time
const order = JSON.parse(process.argv[2]);

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--enable-unsafe-swiftshader", "--use-angle=swiftshader"],
  protocolTimeout: LONGEST_MS,
  timeout: LONGEST_MS,
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(LONGEST_MS);
  page.on("pageerror", (error) => console.error(String(error)));
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.setViewport({ width: order.width ?? 1180, height: order.height ?? 900 });
  if (order.scheme)
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: order.scheme }]);
  await page.goto(order.address);
  await page.waitForSelector('body[data-state="waiting"]');
  await shoot(page, "start");
  await apply(page, order.settings ?? {});
  const results = [];
  for (const photo of order.photos) results.push(await reconstruct(page, photo));
  const beyond = asked.filter((url) => !/^(data:|blob:)/.test(url) && !url.startsWith(order.address));
  console.log(JSON.stringify({ results, beyond }));
} catch (error) {
  const [page] = (await browser.pages()).slice(-1);
  console.error(await page.evaluate(() => [document.activeElement?.id, document.body.outerHTML]));
  throw error;
} finally {
  await browser.close();
}

/**
 * Take a screenshot, if a folder for them is given.
 *
 * @param {any} page
 * @param {string} name
 */
async function shoot(page, name) {
  if (!order.screenshots) return;
  await mkdir(order.screenshots, { recursive: true });
  const suffix = order.scheme ?? "light";
  await page.screenshot({
    path: join(order.screenshots, `${name}-${suffix}-${order.width ?? 1180}.png`),
    fullPage: true,
  });
}

/**
 * @param {any} page
 * @param {Object<string, string | boolean>} settings
 */
async function apply(page, settings) {
  await page.evaluate((/** @type {any} */ given) => {
    for (const [name, value] of Object.entries(given)) {
      const element = /** @type {any} */ (document.getElementById(name));
      if (typeof value === "boolean") element.checked = value;
      else element.value = value;
    }
  }, settings);
}

/**
 * @param {any} page
 * @param {string} photo
 */
async function reconstruct(page, photo) {
  const input = await page.$("#file");
  await begins(page, () => input.uploadFile(photo));
  await page.waitForSelector("#cutout:not([hidden]), body[data-state='failed']");
  const name = basename(photo, extname(photo));
  if (order.picks?.[name]) await pick(page, order.picks[name]);
  await page.waitForSelector('body[data-state="done"], body[data-state="failed"]');
  await shoot(page, name);
  if (order.paint && (await page.$('body[data-state="done"]'))) {
    await paint(page);
    await shoot(page, `${name}-painted`);
  }
  const said = await page.evaluate(() => ({
    state: document.body.dataset.state,
    status: document.getElementById("status")?.textContent,
    method: document.getElementById("method")?.textContent,
    warnings: [...document.querySelectorAll("#warnings li")].map((item) => item.textContent),
    doubts: [...document.querySelectorAll("#doubts li")].map((item) => item.textContent),
    target: JSON.parse(document.getElementById("cutout")?.dataset.target ?? "null"),
    threads: document.body.dataset.threads,
    facts: Object.fromEntries(
      [...document.querySelectorAll("#facts dd")].map((item) => {
        const { fact, value } = /** @type {HTMLElement} */ (item).dataset;
        return [fact, value === undefined ? item.textContent : Number(value)];
      }),
    ),
  }));
  if (said.state === "done") for (const format of FORMATS) await download(page, format, name);
  return { photo, ...said };
}

/**
 * Do what begins a reconstruction, and wait until it has begun or is over already.
 *
 * A file that is no picture is refused sooner than this process looks: not to see the state "working" is
 * no reason to wait for it.
 *
 * @param {any} page
 * @param {() => Promise<void>} act
 */
async function begins(page, act) {
  await page.evaluate(() => (document.body.dataset.state = "ready"));
  await act();
  await page.waitForSelector('body:not([data-state="ready"])');
}

/**
 * Take away the middle of the photo with the brush, and reconstruct again.
 *
 * @param {any} page
 */
async function paint(page) {
  await page.click("#brush summary");
  await page.click("#brush input[type=radio]:not(#adds)");
  const box = await (await page.$("#cutout")).boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x - 40, y);
  await page.mouse.down();
  await page.mouse.move(x + 40, y, { steps: 4 });
  await page.mouse.up();
  await page.focus("#cutout");
  for (const key of ["ArrowDown", "ArrowDown", "Space"]) await page.keyboard.press(key);
  await begins(page, () => page.click("#again"));
  await page.waitForSelector('body[data-state="done"], body[data-state="failed"]');
}

/**
 * Choose another object, by a click of the mouse or a box by keys, while the first is worked on.
 *
 * @param {any} page
 * @param {number[]} places
 */
async function pick(page, places) {
  if (!(await page.$("#picker[open]"))) await page.click("#picker summary");
  const canvas = await page.$("#cutout");
  if (places.length === 2) {
    const box = await canvas.boundingBox();
    const [width, height] = await canvas.evaluate((/** @type {any} */ it) => [it.width, it.height]);
    const scale = Math.min(box.width / width, box.height / height);
    const x = box.x + box.width / 2 + (places[0] - 0.5) * width * scale;
    await page.mouse.click(x, box.y + box.height / 2 + (places[1] - 0.5) * height * scale);
  } else {
    await page.click("#boxes");
    await page.focus("#cutout");
    let at = [0.5, 0.5];
    for (const corner of [places.slice(0, 2), places.slice(2)]) {
      for (const [axis, keys] of [["ArrowLeft", "ArrowRight"], ["ArrowUp", "ArrowDown"]].entries()) {
        const steps = Math.round((corner[axis] - at[axis]) / 0.02);
        for (let n = 0; n < Math.abs(steps); n++) await page.keyboard.press(keys[steps > 0 ? 1 : 0]);
      }
      await page.keyboard.press("Space");
      at = corner;
    }
  }
  await page.waitForSelector('#cutout:not([data-target="null"])');
}

/**
 * @param {any} page
 * @param {string} format
 * @param {string} name
 */
async function download(page, format, name) {
  const folder = join(order.folder, format);
  await mkdir(folder, { recursive: true });
  const client = await page.createCDPSession();
  await client.send("Browser.setDownloadBehavior", {
    behavior: "allow",
    downloadPath: folder,
    eventsEnabled: true,
  });
  const done = new Promise((resolve) =>
    client.on("Browser.downloadProgress", (/** @type {any} */ event) => {
      if (event.state === "completed") resolve(event);
    }),
  );
  await page.click(`[data-format="${format}"]`);
  await done;
  if (!(await readdir(folder)).includes(`${name}.${format}`))
    throw new Error(`there is no ${name}.${format}`);
  await rename(join(folder, `${name}.${format}`), join(order.folder, `${name}.${format}`));
}
