"""HTML template of `onet preprocess --report`: self-contained and offline."""

ROW = """<tr data-warned="{warned}"><td>{input}</td><td>{closed}</td>
<td><b>{id}</b><br><small>{about}</small></td><td>{split}</td><td>{made}</td><td>{volume}</td>
<td>{input_faces}</td><td>{closed_faces}</td><td>{surface_offset}</td><td>{lost_share}</td>
<td>{warnings}</td></tr>"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff; }}
h1 {{ font-size: 1.3rem; margin: 0; }}
p {{ margin: .3rem 0 1rem; }}
form {{ margin-bottom: .8rem; }}
input[type=search] {{ font: inherit; padding: .3rem .5rem; width: 22rem; }}
label {{ margin-left: 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th {{ position: sticky; top: 0; background: #eef1f5; text-align: left; padding: 0 .3rem; }}
th button {{ font: inherit; font-weight: 600; border: 0; background: none; cursor: pointer;
  padding: .4rem .5rem; text-align: left; width: 100%; }}
th[aria-sort=ascending] button::after {{ content: " \\25b2"; }}
th[aria-sort=descending] button::after {{ content: " \\25bc"; }}
td {{ border-bottom: 1px solid #e3e6ea; padding: .3rem .5rem; vertical-align: top; }}
td img {{ display: block; width: 128px; height: 128px; }}
td:nth-child(n+6):nth-child(-n+10) {{ text-align: right; font-variant-numeric: tabular-nums; }}
td:last-child {{ min-width: 12rem; overflow-wrap: anywhere; }}
small {{ color: #667; }}
tr[hidden] {{ display: none; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}. Volume in unit cubes; surface offset in edges of the unit cube; lost is the share of
the visible surface that the closed mesh does not have. Red in the second picture is a surface seen
from behind, where the closed mesh would be inside out.</p>
{failures}
<form>
<input type="search" id="words" placeholder="Filter: chair, remade, open, thin ...">
<label><input type="checkbox" id="warned"> with warnings only</label>
<label id="shown"></label>
</form>
<table>
<thead><tr>
<th>Input</th><th>Closed</th>
<th><button type="button">Shape</button></th><th><button type="button">Split</button></th>
<th><button type="button">Made</button></th><th><button type="button">Volume</button></th>
<th><button type="button">Faces in</button></th><th><button type="button">Faces out</button></th>
<th><button type="button">Offset</button></th><th><button type="button">Lost</button></th>
<th><button type="button">Warnings</button></th>
</tr></thead>
<tbody>
{rows}
</tbody>
</table>
<script>
"use strict";
const body = document.querySelector("tbody");
const rows = Array.from(body.rows);
const heads = Array.from(document.querySelectorAll("th"));
const words = document.getElementById("words");
const warned = document.getElementById("warned");
function filter() {{
  const wanted = words.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {{
    const text = row.textContent.toLowerCase();
    row.hidden = (warned.checked && !row.dataset.warned) || !wanted.every(w => text.includes(w));
    shown += !row.hidden;
  }}
  document.getElementById("shown").textContent = shown + " of " + rows.length;
}}
function sort(column) {{
  const up = heads[column].getAttribute("aria-sort") !== "ascending";
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = row => row.cells[column].textContent.trim();
  rows.sort((a, b) => key(a).localeCompare(key(b), "en", {{numeric: false}}));
  const number = row => Number(key(row)) || 0;
  if (column >= 5 && column <= 9) rows.sort((a, b) => number(a) - number(b));
  if (!up) rows.reverse();
  body.append(...rows);
}}
heads.forEach((head, column) => head.querySelector("button")
  ?.addEventListener("click", () => sort(column)));
words.addEventListener("input", filter);
warned.addEventListener("change", filter);
document.querySelector("form").addEventListener("submit", event => event.preventDefault());
filter();
</script>
</body>
</html>
"""
