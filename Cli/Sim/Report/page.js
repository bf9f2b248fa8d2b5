"use strict";
for (const button of document.querySelectorAll(".legend button")) {
  const parts = [...document.querySelectorAll("g.line, .heat-of")].filter(part => part.dataset.strategy === button.dataset.strategy);
  const others = [...document.querySelectorAll("g.line[data-strategy]")].filter(part => !parts.includes(part));
  button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", shown);
    parts.forEach(part => part.classList.toggle("hidden", !shown));
  });
  const fade = on => others.forEach(part => part.classList.toggle("faded", on));
  ["mouseenter", "focus"].forEach(name => button.addEventListener(name, () => fade(true)));
  ["mouseleave", "blur"].forEach(name => button.addEventListener(name, () => fade(false)));
}
for (const table of document.querySelectorAll("#comparison")) {
  const headings = [...table.querySelectorAll("thead th")];
  headings.forEach((heading, index) => heading.querySelector("button").addEventListener("click", () => {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    headings.forEach(other => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = row => { const cell = row.children[index]; return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value); };
    const rows = [...table.tBodies[0].rows].sort((a, b) => { const x = value(a), y = value(b); return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1); });
    table.tBodies[0].append(...rows);
  }));
}
