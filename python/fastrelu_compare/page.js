"use strict";

/* Filters hide plots and rows; a plot of all operations stays whatever the operation, one without a size whatever the
 * size. Of each kind of plot some are shown, the others when asked for. */
const FIRST_PLOTS = 3;
const filters = document.getElementById("filters");
const rows = [...document.querySelectorAll(".cases tbody tr")];
const status = document.querySelector(".status");

const fits = (element, name, chosen) => !chosen || !element.dataset[name] || element.dataset[name] === chosen;

function filter() {
  const chosen = Object.fromEntries(new FormData(filters));
  let shown = 0;
  for (const row of rows) {
    row.hidden = !Object.entries(chosen).every(([name, value]) => fits(row, name, value));
    shown += !row.hidden;
  }
  status.textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} cases`;
  for (const section of document.querySelectorAll(".plots")) {
    const more = section.querySelector(".more");
    const found = [...section.querySelectorAll("figure")].filter((figure) => {
      figure.hidden = !fits(figure, "operation", chosen.operation) || !fits(figure, "dtype", chosen.dtype);
      return !figure.hidden;
    });
    const rest = section.classList.contains("whole") ? [] : found.slice(FIRST_PLOTS);
    for (const figure of rest) figure.hidden = true;
    more.hidden = rest.length === 0;
    more.textContent = `Show ${rest.length} more`;
  }
}

/* Numbers by their value, what is missing last either way, texts by the alphabet; as it was among equals. */
function sort(head) {
  const column = head.cellIndex;
  const descending = head.getAttribute("aria-sort") === "ascending";
  for (const other of head.parentElement.cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const key = (row) => {
    const { value } = row.cells[column].dataset;
    if (value === undefined) return row.cells[column].textContent;
    return value === "" ? NaN : Number(value);
  };
  const compare = ([a], [b]) => {
    if (typeof a === "string") return descending ? b.localeCompare(a) : a.localeCompare(b);
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return descending ? b - a : a - b;
  };
  const sorted = rows.map((row) => [key(row), row]).sort(compare);
  document.querySelector(".cases tbody").append(...sorted.map(([, row]) => row));
}

filters.addEventListener("change", filter);
filters.addEventListener("submit", (event) => event.preventDefault());
filters.querySelector("button").addEventListener("click", () => {
  filters.reset();
  filter();
});
for (const head of document.querySelectorAll(".cases thead th")) head.addEventListener("click", () => sort(head));
for (const more of document.querySelectorAll(".more")) {
  more.addEventListener("click", () => {
    more.closest(".plots").classList.add("whole");
    filter();
  });
}
filter();
