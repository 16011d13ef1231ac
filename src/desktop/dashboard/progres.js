// Bars that grow: what the page shows is fetched anew until it has ended. Without scripts a link does the same.
"use strict";
const box = document.querySelector("[data-progress]");

async function look() {
  const answer = await fetch(box.dataset.progress);
  if (!answer.ok) return;
  box.innerHTML = await answer.text();
  if (box.querySelector("[data-ended]")) location.replace(location.pathname);
  else setTimeout(look, 500);
}

if (box) setTimeout(look, 500);
