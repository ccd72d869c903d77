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
  const many = picker.multiple;
  const digestLimit = 64 << 20; // digest() takes the whole file at once; larger ones are left to the check
  const pauses = [2000, 5000, 15000]; // before a lost connection is tried again by itself
  const atOnce = 2; // files under way to the bucket
  const jobs = new Set(); // not over yet
  let resumed = null; // the file that the next chosen one goes on with

  form.hidden = true;
  choose.hidden = false;

  picker.addEventListener("change", () => {
    for (const file of picker.files) add(file, resumed);
    forget();
  });
  picker.addEventListener("cancel", forget);
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a[data-again]");
    if (!link) return;
    e.preventDefault();
    const row = link.closest("[data-file]");
    resumed = {id: row.dataset.file, sha256: row.dataset.sha256 || ""};
    picker.multiple = false;
    picker.click();
  });
  addEventListener("beforeunload", (e) => { if (jobs.size) e.preventDefault(); });

  function forget() {
    resumed = null;
    picker.value = "";
    picker.multiple = many;
  }

  // add shows one more file and sends it: as a new one, or as the one that was
  // announced before and never arrived.
  function add(file, known) {
    const row = element("li");
    const name = element("span", file.name + " ");
    const state = element("span");
    const bar = element("progress");
    const retry = button(says.retry, file.name);
    const cancel = button(says.cancel, file.name);
    bar.max = 100;
    bar.setAttribute("aria-label", file.name);
    row.append(name, state, bar, retry, cancel);
    list.append(row);
    const job = {file, known, id: known && known.id, ticket: null, stop: null, cancelled: false};
    job.show = (text, percent) => {
      state.textContent = text;
      if (percent !== undefined) bar.value = percent;
    };
    job.close = () => { jobs.delete(job); row.remove(); };
    const go = async () => {
      jobs.add(job);
      retry.hidden = true;
      bar.hidden = false;
      try {
        await send(job);
        job.close();
      } catch (err) {
        if (job.cancelled) return;
        jobs.delete(job);
        job.ticket = null;
        bar.hidden = true;
        retry.hidden = !!err.final;
        job.show(err.sentence || says.failed);
        say(file.name, state.textContent);
      }
    };
    retry.addEventListener("click", go);
    cancel.addEventListener("click", async () => {
      job.cancelled = true;
      if (job.stop) job.stop();
      job.close();
      say(file.name, says.cancelled);
      // Announced it may be only now: whatever stands in line before this has happened then.
      if (!known && says.item) await inLine(() => job.id && remove(job.id)).catch(() => {});
    });
    go();
  }

  // send announces a file once; tried again after a lost connection, it is the
  // same file and not one more.
  async function send(job) {
    if (job.file.size > says.most) throw {sentence: says.large, final: true};
    job.show(says.hashing, 0);
    const sha256 = job.file.size <= digestLimit ? await digest(job.file) : "";
    if (job.known && job.known.sha256 && sha256 && job.known.sha256 !== sha256) throw {sentence: says.other, final: true};
    if (!job.id) {
      job.show(says.asking, 0);
      await inLine(() => announce(job, sha256));
    }
    for (let tries = 0; ; tries++) {
      alive(job);
      try {
        if (!job.ticket) await sign(job);
        job.show(says.queued, 0);
        if (job.ticket.url) await inTurn(() => deliver(job));
        break;
      } catch (err) {
        if (!err.lost || tries === pauses.length) throw err;
        job.ticket = null;
        job.show(says.again, 0);
        await pause(job, pauses[tries]);
      }
    }
    job.show(says.checking, 100);
    say(job.file.name, says.checking);
    await watch(job);
  }

  function alive(job) { if (job.cancelled) throw {}; }

  async function digest(file) {
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return Array.from(sum, (b) => b.toString(16).padStart(2, "0")).join("");
  }

  const operation = () => Array.from(crypto.getRandomValues(new Uint8Array(20)), (b) => b.toString(16).padStart(2, "0")).join("");

  // What raises the draft's version goes one after another: each names the version before.
  let line = Promise.resolve();
  function inLine(act) {
    const done = line.then(act);
    line = done.catch(() => {});
    return done;
  }

  // Files go to the bucket a few at a time.
  let under = 0;
  const turns = [];
  async function inTurn(act) {
    if (under >= atOnce) await new Promise((next) => turns.push(next));
    under++;
    try {
      return await act();
    } finally {
      under--;
      if (turns.length) turns.shift()();
    }
  }

  // announce makes the file known. The same announcement is sent once more if its
  // answer was lost: it carries the same operation, so it happens once. If a
  // colleague changed the draft meanwhile, the file is added to what is there now.
  async function announce(job, sha256) {
    alive(job);
    for (let tries = 0; ; tries++) {
      const body = new URLSearchParams({op: operation(), name: job.file.name, sha256});
      if (version) body.set("version", version.value);
      const ask = () => fetch(form.action, {method: "POST", body, headers: {Accept: "application/json"}});
      const answer = await ask().catch(() => ask()).catch(() => { throw {sentence: says.offline}; });
      const ticket = await answer.json().catch(() => ({}));
      const stale = version && ticket.version && version.value != ticket.version && answer.status === 409;
      if (ticket.version) setVersion(ticket.version);
      if (answer.ok) {
        job.id = ticket.file;
        job.ticket = ticket;
        return;
      }
      if (!stale || tries > 0) throw {sentence: ticket.error};
    }
  }

  // sign asks for the signed form of a file that is known already. One that has
  // arrived needs none: only its answer was lost.
  async function sign(job) {
    const answer = await fetch(says.files + job.id, {headers: {Accept: "application/json"}}).catch(() => { throw {lost: true, sentence: says.offline}; });
    const ticket = await answer.json().catch(() => ({}));
    if (answer.status === 409) job.ticket = {};
    else if (answer.ok) job.ticket = ticket;
    else throw {sentence: ticket.error};
  }

  // deliver posts the signed form: its fields first, the file last.
  function deliver(job) {
    return new Promise((done, failed) => {
      alive(job);
      job.show(says.sending, 0);
      const data = new FormData();
      for (const [name, value] of Object.entries(job.ticket.fields)) data.append(name, value);
      data.append("file", job.file);
      const request = new XMLHttpRequest();
      job.stop = () => request.abort();
      request.upload.addEventListener("progress", (e) => {
        if (!e.lengthComputable) return;
        const percent = Math.floor(e.loaded / e.total * 100);
        job.show(says.sending + " " + percent + "%", percent);
      });
      // What the bucket itself is too busy for is tried again; what it refuses is not.
      request.addEventListener("load", () => request.status < 300 ? done() : failed({lost: request.status >= 500, sentence: says.failed}));
      request.addEventListener("error", () => failed({lost: true, sentence: says.offline}));
      request.addEventListener("abort", () => failed({}));
      request.open("POST", job.ticket.url);
      request.send(data);
    });
  }

  // pause waits, or less if the connection comes back or the file is cancelled.
  function pause(job, wait) {
    return new Promise((done) => {
      const end = () => { clearTimeout(timer); removeEventListener("online", end); done(); };
      const timer = setTimeout(end, wait);
      addEventListener("online", end);
      job.stop = end;
    });
  }

  // remove takes a cancelled file out of the draft, as the list's own form does.
  async function remove(id) {
    for (let tries = 0; tries < 2; tries++) {
      const body = new URLSearchParams({op: operation(), version: version.value, item: says.item});
      const answer = await fetch(says.files + id + "/remove", {method: "POST", body, headers: {Accept: "text/html"}});
      refresh(new DOMParser().parseFromString(await answer.text(), "text/html"));
      if (answer.ok) return;
    }
  }

  // watch waits for the check of a file. One poll serves all that wait.
  const watched = new Map();
  let polling = false;
  function watch(job) {
    return new Promise((done) => {
      watched.set(job.id, {name: job.file.name, done, tries: 0});
      poll();
    });
  }

  async function poll() {
    if (polling) return;
    polling = true;
    for (let tries = 0; watched.size; tries++) {
      await new Promise((done) => setTimeout(done, Math.min(500 + 250 * tries, 3000)));
      let page = null;
      try {
        const answer = await fetch(location.pathname, {headers: {Accept: "text/html"}});
        if (answer.ok) page = new DOMParser().parseFromString(await answer.text(), "text/html");
      } catch (err) { /* the next try will show */ }
      if (page) refresh(page);
      for (const [id, w] of watched) {
        const file = page && page.querySelector(`[data-file="${CSS.escape(id)}"]`);
        const over = file && !("soon" in file.dataset);
        if (!over && w.tries++ < 30) continue;
        watched.delete(id);
        say(w.name, over ? file.querySelector(".state").textContent : says.slow);
        w.done();
      }
    }
    polling = false;
  }

  // refresh shows the list of files as page has it, and keeps the focus.
  function refresh(page) {
    const fresh = page.getElementById("files");
    const old = document.getElementById("files");
    const raised = page.querySelector("input[name=version]");
    if (raised) setVersion(raised.value);
    if (!fresh || fresh.innerHTML === old.innerHTML) return;
    const label = old.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    old.replaceWith(document.importNode(fresh, true));
    const same = label && document.querySelector(`#files [aria-label="${CSS.escape(label)}"]`);
    if (same) same.focus();
  }

  function setVersion(v) {
    for (const field of document.querySelectorAll("input[name=version]")) field.value = v;
  }

  // say tells those who do not see the list; the percents stay unsaid.
  function say(name, text) { result.textContent = name + " " + text.replace(/\s+/g, " ").trim(); }

  function element(kind, text) {
    const e = document.createElement(kind);
    e.textContent = text || "";
    return e;
  }

  function button(word, name) {
    const b = element("button", word);
    b.type = "button";
    b.className = "small";
    b.setAttribute("aria-label", word + " " + name);
    return b;
  }
})();
