"use strict";
// Tables that sort by a click on a head and show only rows that hold all the words of a filter.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const form = table.closest("section").querySelector("form.filter");
  const words = form.querySelector("input");
  const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));

  function filter() {
    // Cells are joined without a space, so that words are looked for anywhere.
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !wanted.every(word => texts.get(row).includes(word));
      shown += !row.hidden;
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length}`;
  }

  function sort(column) {
    const falling = heads[column].getAttribute("aria-sort") === "ascending";
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", falling ? "descending" : "ascending");
    const text = row => row.cells[column].textContent.trim();
    const number = row => text(row) === "" || text(row) === "-" ? NaN : Number(text(row));
    const numeric = rows.every(row => ["", "-"].includes(text(row)) || !isNaN(number(row)));
    const direction = falling ? -1 : 1;
    rows.sort((a, b) => {
      if (!numeric) return direction * text(a).localeCompare(text(b), "en");
      // What is not defined comes last, either way.
      const [p, q] = [number(a), number(b)];
      return isNaN(p) - isNaN(q) || (isNaN(p) ? 0 : direction * (p - q));
    });
    body.append(...rows);
  }

  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => sort(column));
  });
  words.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  filter();
}
