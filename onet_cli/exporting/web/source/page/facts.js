/** What is known of a mesh, as text. */

const grouped = (/** @type {number} */ count) => count.toLocaleString("en");

/**
 * @param {HTMLElement} list
 * @param {string[]} warnings One sentence each, without a capital.
 */
export function listWarnings(list, warnings) {
  const items = warnings.map((text) => {
    const item = document.createElement("li");
    item.textContent = `${text[0].toUpperCase()}${text.slice(1)}.`;
    return item;
  });
  list.replaceChildren(...items);
}

/**
 * @param {HTMLElement} list
 * @param {any} mesh
 * @param {Float32Array} confidence
 * @param {any} facts
 */
export function listFacts(list, { vertices, faces }, confidence, facts) {
  const mean = confidence.reduce((a, b) => a + b, 0) / confidence.length;
  const claimed = facts.calibrated ? "" : ", as claimed";
  /** @type {[string, string, string][]} */
  const rows = [
    ["vertices", "Vertices", grouped(vertices.length / 3)],
    ["faces", "Faces", grouped(faces.length / 3)],
    ["closed", "Closed", facts.closed ? "yes" : "no"],
    [
      "agreement",
      "Outline agrees with the photo",
      facts.agreement === null ? "unknown" : `${(100 * facts.agreement).toFixed(0)} %`,
    ],
    [
      "accuracy",
      "Vertices expected to be right",
      `${(100 * mean).toFixed(0)} % within ${100 * facts.reach} % of the size${claimed}`,
    ],
    ["threshold", "Threshold", facts.threshold.toFixed(2)],
    ["evaluations", "Points evaluated", grouped(facts.evaluations)],
    ["seconds", "Seconds, without loading", facts.seconds.mesh.toFixed(1)],
  ];
  const exact = { agreement: facts.agreement, accuracy: mean, threshold: facts.threshold };
  const cells = rows.flatMap(([key, name, value]) => {
    const [term, entry] = [document.createElement("dt"), document.createElement("dd")];
    [term.textContent, entry.textContent] = [name, value];
    entry.dataset.fact = key;
    if (key in exact) entry.dataset.value = String(exact[/** @type {"agreement"} */ (key)]);
    return [term, entry];
  });
  list.replaceChildren(...cells);
}
