"use strict";
// The pages work without this file. With it, what is still running updates itself, and menus close as one expects.

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 15000;

// Replaces the part marked data-live by its newer version, until that is no longer marked.
async function follow(id) {
  const began = Date.now();
  for (;;) {
    // Slower the longer it takes: a tenth of the time that has passed.
    const pause = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, (Date.now() - began) / 10));
    await new Promise((resolve) => setTimeout(resolve, pause));
    const shown = document.getElementById(id);
    if (document.hidden || isBeingUsed(shown)) continue;
    const page = await newest(location.href);
    if (page === "stop") return;
    const newer = page && page.getElementById(id);
    if (!newer) continue;
    if (newer.innerHTML !== shown.innerHTML) shown.replaceWith(newer);
    if (!newer.hasAttribute("data-live")) {
      document.title = page.title;
      return;
    }
  }
}

// Somebody is about to press a button in it, or has opened something.
function isBeingUsed(part) {
  return part.contains(document.activeElement) && document.activeElement.closest("form, details") !== null;
}

// The page as it is now; null when it could not be had this time, "stop" when asking again makes no sense.
async function newest(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.redirected || (answer.status >= 400 && answer.status < 500)) return "stop";
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
});

const live = document.querySelector("[data-live]");
if (live) follow(live.id);
