// What is new, while a page is open. Without this file pages are as new as when they were loaded.
"use strict";

const fresh = document.getElementById("fresh");
const refreshes = Number(fresh?.dataset.fresh ?? 0);
let source = null;
let wasOpen = false;
let renewed = new Date();

function badge(problems, critical) {
  const shown = document.querySelector("[data-problems]");
  if (!shown) return;
  shown.textContent = problems;
  shown.hidden = problems === 0;
  shown.classList.toggle("bad", critical > 0);
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = problems > 0 ? `(${problems}) ${title}` : title;
}

// Says since when the page shows nothing new; on a page that is renewed again, says nothing.
function stale(is) {
  const shown = document.getElementById("stale");
  if (!is) {
    renewed = new Date();
    shown?.remove();
    return;
  }
  if (shown) return;
  const message = document.createElement("div");
  message.id = "stale";
  message.className = "message bad";
  message.setAttribute("role", "alert");
  const text = document.createElement("p");
  const at = renewed.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  text.textContent = `Not refreshed since ${at}. Reload or sign in.`;
  message.append(text);
  fresh.before(message);
}

// The part of the page that changes is fetched and put in the place of the old one.
async function refresh() {
  if (!refreshes || window.getSelection()?.type === "Range") return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.getElementById("fresh");
    // An error page has no such part: what is shown is not how the pool is now.
    if (!part) return stale(true);
    const heading = () => fresh.querySelector(".message")?.textContent;
    const before = heading();
    fresh.replaceChildren(...part.childNodes);
    stale(false);
    const open = page.querySelector("[data-problems]");
    if (open) badge(Number(open.textContent), open.classList.contains("bad") ? 1 : 0);
    document.dispatchEvent(new CustomEvent("renewed"));
    if (heading() !== before) document.dispatchEvent(new CustomEvent("say", { detail: heading() ?? "" }));
  } catch {
    stale(true);
  }
}

function changed() {
  if (document.getElementById("news") || !/^\/(tickets?)?(\/|$)/.test(location.pathname)) return;
  const news = document.createElement("div");
  news.id = "news";
  news.className = "message";
  news.setAttribute("role", "status");
  const text = document.createElement("p");
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Reload";
  text.append("Your tickets have changed. ", link);
  news.append(text);
  document.getElementById("content").prepend(news);
}

function listen() {
  if (source || !window.EventSource) return;
  source = new EventSource("/events");
  source.addEventListener("open", () => {
    if (wasOpen) refresh();
    wasOpen = true;
  });
  source.addEventListener("status", (event) => {
    const { problems, critical } = JSON.parse(event.data);
    badge(problems, critical);
    refresh();
  });
  // A browser tries again by itself after a lost connection, but not after an answer that says no.
  source.addEventListener("error", ({ target }) => {
    if (target !== source || target.readyState !== EventSource.CLOSED) return;
    source = null;
    window.setTimeout(() => {
      if (!document.hidden || refreshes) listen();
    }, 30_000);
  });
  source.addEventListener("ticket", changed);
  source.addEventListener("missed", () => {
    refresh();
    changed();
  });
}

// Browsers open few connections to one host: a page that nobody sees gives its own back, but for the one of who is on call.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    listen();
    refresh();
  } else if (!refreshes) {
    source?.close();
    source = null;
  }
});

listen();
if (refreshes) window.setInterval(refresh, refreshes * 1000);
