// Keeps what is typed into an answer, a moment after each pause, so that a closed window
// or a step back loses nothing. Without it the answer is kept whenever the form is sent.
(() => {
  "use strict";
  const form = document.querySelector("form[data-keep]");
  if (!form || !window.fetch) return;
  const said = document.querySelector("[data-kept]");
  const pause = 3000; // after the last key
  let timer = 0, dirty = false, under = false;

  form.addEventListener("input", () => { dirty = true; clearTimeout(timer); timer = setTimeout(keep, pause); });
  form.addEventListener("change", keep);
  form.addEventListener("submit", () => { dirty = false; clearTimeout(timer); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });

  async function keep() {
    if (!dirty || under) return;
    dirty = false;
    under = true;
    try {
      const answer = await fetch(form.dataset.keep, {
        method: "POST", headers: {Accept: "application/json"}, body: new URLSearchParams(new FormData(form)), keepalive: true,
      });
      if (answer.ok || answer.status === 422) said.textContent = (await answer.json()).said;
      else dirty = true;
    } catch {
      dirty = true; // the next pause tries again
    }
    under = false;
  }
})();
