// Copy buttons and the print button. Without this file they stay hidden; texts are copied by hand, and pages printed from the menu.
"use strict";

function select(source) {
  if (typeof source.select === "function") {
    source.select();
    return;
  }
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copy(source) {
  const text = "value" in source ? source.value : source.textContent;
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text.trim());
    return true;
  }
  // Without TLS browsers offer no clipboard but this.
  select(source);
  return document.execCommand("copy");
}

// Says what a button has done to those who do not see it change.
const said = document.createElement("p");
said.setAttribute("role", "status");
said.className = "hidden";
document.body.append(said);

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    let done = false;
    try {
      done = await copy(source);
    } catch {
      select(source);
    }
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    said.textContent = button.textContent;
    window.setTimeout(() => { button.textContent = label; said.textContent = ""; }, 2000);
  });
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
