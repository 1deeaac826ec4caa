// Search from the file system. Browsers refuse to start a worker from a file:// page, and the search
// runs in one: there, a frame that nobody sees takes its place. Does nothing where pages are served.
// (The name is the one that the generator looks for; without it, it would load one from a CDN.)
if (location.protocol === "file:") {
  // As a worker's messages: neither side sees what the other does to them afterwards.
  const copied = (data) => new MessageEvent("message", { data: structuredClone(data) });

  window.Worker = class extends EventTarget {
    onmessage = null;

    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      this.inside = this.frame.contentWindow;
      this.inside.postMessage = (data) => {
        const event = copied(data);
        setTimeout(() => this.onmessage?.(event));
      };
      this.ready = new Promise((resolve) => {
        const script = this.inside.document.createElement("script");
        script.onload = resolve;
        script.src = new URL(url, location.href);
        this.inside.document.body.append(script);
      });
    }

    postMessage(data) {
      const event = copied(data);
      this.ready.then(() => this.inside.dispatchEvent(event));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
