// The globals `AbortController` and `AbortSignal`. https://dom.spec.whatwg.org/#aborting-ongoing-activities
(function (exports) {
  'use strict';
  const named = (name, message) => Object.assign(new Error(message), { name });

  class AbortSignal {
    aborted = false;
    reason = undefined;
    onabort = null;
    #listeners = [];
    addEventListener(type, listener) {
      if (type === 'abort') this.#listeners.push(listener);
    }
    removeEventListener(type, listener) {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    }
    throwIfAborted() {
      if (this.aborted) throw this.reason;
    }
    static stop(signal, reason = named('AbortError', 'This operation was aborted')) {
      if (signal.aborted) return;
      signal.aborted = true;
      signal.reason = reason;
      const event = { type: 'abort', target: signal };
      signal.onabort?.(event);
      for (const listener of signal.#listeners) (listener.handleEvent ?? listener).call(signal, event);
    }
    static abort(reason) {
      const signal = new AbortSignal();
      AbortSignal.stop(signal, reason);
      return signal;
    }
    static timeout(milliseconds) {
      const signal = new AbortSignal();
      setTimeout(() => AbortSignal.stop(signal, named('TimeoutError', 'The operation was aborted due to timeout')), milliseconds);
      return signal;
    }
  }

  class AbortController {
    signal = new AbortSignal();
    abort(reason) {
      AbortSignal.stop(this.signal, reason);
    }
  }

  Object.assign(exports, { AbortController, AbortSignal });
})
