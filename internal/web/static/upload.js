// Sends chosen files straight to the bucket and shows how far each is. Without
// it the page's own form does the same in two steps. Every word it says stands
// in the page, in the page's language.
(() => {
  "use strict";
  const form = document.querySelector("form[data-upload]");
  if (!form || !window.fetch || !window.crypto || !crypto.subtle) return;
  const choose = document.querySelector("[data-choose]");
  const picker = choose.querySelector("input");
  const list = document.querySelector("[data-uploads]");
  const result = document.querySelector("[data-result]");
  const says = form.dataset;
  const version = form.elements.version;
  const digestLimit = 64 << 20; // digest() takes the whole file at once; larger ones are left to the check

  form.hidden = true;
  choose.hidden = false;

  // Files go one after another: each raises the version that the next one names.
  let queue = Promise.resolve();
  picker.addEventListener("change", () => {
    for (const file of picker.files) add(file);
    picker.value = "";
  });

  function add(file) {
    const row = document.createElement("li");
    const name = document.createElement("span");
    const state = document.createElement("span");
    const bar = document.createElement("progress");
    const retry = document.createElement("button");
    name.textContent = file.name + " ";
    state.setAttribute("role", "status");
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    retry.type = "button";
    retry.className = "small";
    retry.textContent = says.retry;
    retry.setAttribute("aria-label", says.retry + " " + file.name);
    retry.hidden = true;
    row.append(name, state, bar, retry);
    list.append(row);
    const job = {file, ticket: null, show: (text, percent) => {
      state.textContent = text;
      if (percent !== undefined) bar.value = percent;
    }};
    const go = () => {
      retry.hidden = true;
      bar.hidden = false;
      queue = queue.then(() => send(job)).then(() => row.remove(), (err) => {
        state.textContent = err.sentence || says.failed;
        bar.hidden = true;
        retry.hidden = false;
        result.textContent = file.name + " " + state.textContent;
      });
    };
    retry.addEventListener("click", go);
    go();
  }

  // send announces a file once; tried again after a lost connection, it is the
  // same file and not one more.
  async function send(job) {
    if (!job.ticket) {
      job.show(says.hashing, 0);
      const sha256 = job.file.size <= digestLimit ? await digest(job.file) : "";
      job.show(says.asking, 0);
      job.ticket = await prepare(job.file.name, sha256);
    }
    await deliver(job);
    job.show(says.checking, 100);
    result.textContent = says.checking;
    await settle(job.ticket.file);
  }

  async function digest(file) {
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return Array.from(sum, (b) => b.toString(16).padStart(2, "0")).join("");
  }

  function operation() {
    return Array.from(crypto.getRandomValues(new Uint8Array(20)), (b) => b.toString(16).padStart(2, "0")).join("");
  }

  // prepare announces the file. The same announcement is sent once more if its
  // answer was lost: it carries the same operation, so it happens once.
  async function prepare(name, sha256) {
    const body = new URLSearchParams({op: operation(), name, sha256});
    if (version) body.set("version", version.value);
    let answer;
    for (let tries = 0; !answer; tries++) {
      try {
        answer = await fetch(form.action, {method: "POST", body, headers: {Accept: "application/json"}});
      } catch (err) {
        if (tries > 0) throw {sentence: says.offline};
      }
    }
    const ticket = await answer.json().catch(() => ({}));
    if (version && ticket.version) {
      for (const field of document.querySelectorAll("input[name=version]")) field.value = ticket.version;
    }
    if (!answer.ok) throw {sentence: ticket.error};
    return ticket;
  }

  // deliver posts the signed form: its fields first, the file last. A form that
  // the bucket refuses is not tried again: it may have grown too old.
  function deliver(job) {
    return new Promise((done, failed) => {
      const data = new FormData();
      for (const [name, value] of Object.entries(job.ticket.fields)) data.append(name, value);
      data.append("file", job.file);
      const request = new XMLHttpRequest();
      request.upload.addEventListener("progress", (e) => {
        if (!e.lengthComputable) return;
        const percent = Math.floor(e.loaded / e.total * 100);
        job.show(says.sending + " " + percent + "%", percent);
      });
      request.addEventListener("load", () => {
        if (request.status < 300) return done();
        job.ticket = null;
        failed({sentence: says.failed});
      });
      request.addEventListener("error", () => failed({sentence: says.offline}));
      request.open("POST", job.ticket.url);
      request.send(data);
    });
  }

  // settle fetches this page until the file has been checked, and shows the new list.
  async function settle(id) {
    for (let tries = 0; tries < 30; tries++) {
      await new Promise((done) => setTimeout(done, Math.min(500 + 250 * tries, 3000)));
      let page;
      try {
        const answer = await fetch(location.pathname, {headers: {Accept: "text/html"}});
        if (!answer.ok) continue;
        page = new DOMParser().parseFromString(await answer.text(), "text/html");
      } catch (err) {
        continue;
      }
      const fresh = page.getElementById("files");
      const file = page.querySelector(`[data-file="${CSS.escape(id)}"]`);
      if (!fresh || !file) return;
      document.getElementById("files").replaceWith(document.importNode(fresh, true));
      if (!("soon" in file.dataset)) {
        result.textContent = says.done;
        return;
      }
    }
    result.textContent = says.slow;
  }
})();
