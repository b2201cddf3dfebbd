// Buttons that copy, show, save and print, what is said aloud of it, and times in the reader's zone. Without this file the buttons stay
// hidden, all is done by hand, and times are in UTC.
"use strict";

for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = time.textContent;
  time.textContent = new Date(time.dateTime).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

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

function bind() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    if (!source || !button.hidden) continue;
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
      // The name of a button stays the same for screen readers: what became of it is said apart.
      document.dispatchEvent(new CustomEvent("say", { detail: done ? "Copied" : "Selected. Press Control C to copy." }));
      window.setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
}

bind();
// Parts of a page may be renewed while it is open.
document.addEventListener("renewed", bind);

const voice = document.createElement("p");
voice.className = "hidden";
voice.setAttribute("role", "status");
document.body.append(voice);

document.addEventListener("say", (event) => {
  // A text that is the same as before is said only where it was gone for a moment.
  voice.textContent = "";
  window.setTimeout(() => { voice.textContent = event.detail; }, 50);
});

for (const field of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "mini reveal";
  button.textContent = "Show";
  button.setAttribute("aria-label", "Show the password");
  button.addEventListener("click", () => {
    const shows = field.type === "password";
    field.type = shows ? "text" : "password";
    button.textContent = shows ? "Hide" : "Show";
    button.setAttribute("aria-label", shows ? "Hide the password" : "Show the password");
  });
  // What is sent is hidden again, so that no browser keeps it as an ordinary text.
  field.form?.addEventListener("submit", () => { field.type = "password"; });
  field.after(button);
}

for (const button of document.querySelectorAll("button[data-download]")) {
  const source = document.getElementById(button.dataset.download);
  if (!source) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([source.textContent], { type: "text/plain" }));
    link.download = button.dataset.name;
    link.click();
    window.setTimeout(() => { URL.revokeObjectURL(link.href); }, 10000);
    document.dispatchEvent(new CustomEvent("say", { detail: "Downloaded" }));
  });
}

for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => { window.print(); });
}

for (const button of document.querySelectorAll("button[data-select-all]")) {
  const boxes = button.form.querySelectorAll("input[type=checkbox]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const all = [...boxes].every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
  });
}
