// `async`: runs functions with callbacks, in series or in parallel. https://caolan.github.io/async/v3
(function (exports) {
  'use strict';
  const noop = () => {};
  const nothing = new Error('Callback was already called.');

  // Calls a task, which must call back only once; `async` functions answer by their promise.
  function call(task, list, done) {
    let called = false;
    const once = (...answer) => {
      if (called) throw nothing;
      called = true;
      done(...answer);
    };
    const promised = task(...list, once);
    if (task.constructor.name === 'AsyncFunction') {
      promised.then((value) => queueMicrotask(() => once(null, value)), (error) => queueMicrotask(() => once(error ?? new Error(error))));
    }
  }

  // [key, value] of each task, and the container for the results.
  const entries = (tasks) => (Array.isArray(tasks) ? [...tasks.entries()] : typeof tasks[Symbol.iterator] === 'function' ? [...tasks].map((one, at) => [at, one]) : Object.entries(tasks));
  const container = (tasks) => (Array.isArray(tasks) || typeof tasks[Symbol.iterator] === 'function' ? [] : {});

  // Runs `work(value, key, callback)` for each task, `limit` at a time, and returns all answers or the first error.
  function run(tasks, limit, work, callback) {
    if (typeof callback !== 'function') {
      return new Promise((resolve, reject) => {
        run(tasks, limit, work, (error, results) => (error ? reject(error) : resolve(results)));
      });
    }
    const waiting = entries(tasks ?? []);
    const results = container(tasks ?? []);
    let running = 0;
    let ended = false;
    const finish = (...answer) => {
      if (!ended) {
        ended = true;
        callback(...answer);
      }
    };
    // A task that answers at once must not deepen the stack.
    let starting = false;
    const next = () => {
      if (starting) return;
      starting = true;
      while (!ended && running < limit && waiting.length > 0) {
        const [key, value] = waiting.shift();
        running += 1;
        work(value, key, (error, ...answer) => {
          running -= 1;
          if (answer.length > 0) results[key] = answer.length > 1 ? answer : answer[0];
          else results[key] = undefined;
          if (error) finish(error, results);
          else next();
        });
      }
      starting = false;
      if (running === 0 && waiting.length === 0) finish(null, results);
    };
    next();
    return undefined;
  }

  const none = (callback) => callback && ((error) => callback(error ?? null));
  const tasksOf = (limit) => (tasks, callback) => run(tasks, limit, (task, key, done) => call(task, [], done), callback);
  const eachOf = (limit) => (collection, visit, callback) => run(collection, limit, (value, key, done) => call(visit, [value], done), none(callback));
  const eachKeyOf = (limit) => (collection, visit, callback) => run(collection, limit, (value, key, done) => call(visit, [value, key], done), none(callback));
  const mapOf = (limit) => (collection, change, callback) => run(Object.values(collection ?? []), limit, (value, key, done) => call(change, [value], done), callback);
  const limited = (make) => (collection, limit, ...rest) => make(limit)(collection, ...rest);

  // Collects the answers for all elements and combines them into one.
  const chosen = (limit, choose) => (collection, test, callback) => {
    const values = Object.values(collection ?? []);
    const pick = (answers) => choose(values, answers);
    if (callback) return mapOf(limit)(values, test, (error, answers) => (error ? callback(error) : callback(null, pick(answers))));
    return mapOf(limit)(values, test).then(pick);
  };
  const filtered = (values, answers) => values.filter((_, at) => answers[at]);

  function waterfall(tasks, callback = noop) {
    const step = (at, list) => {
      if (at === tasks.length) return callback(null, ...list);
      return call(tasks[at], list, (error, ...answer) => (error ? callback(error, ...answer) : step(at + 1, answer)));
    };
    step(0, []);
  }

  function reduce(collection, start, step, callback) {
    const values = Object.values(collection ?? []);
    const next = (at, made) => {
      if (at === values.length) return callback(null, made);
      return call(step, [made, values[at]], (error, value) => (error ? callback(error) : next(at + 1, value)));
    };
    next(0, start);
  }

  function whilst(test, work, callback = noop) {
    call(test, [], (error, goesOn) => {
      if (error || !goesOn) callback(error ?? null);
      else call(work, [], (failure) => (failure ? callback(failure) : queueMicrotask(() => whilst(test, work, callback))));
    });
  }

  function retry(options, task, callback = noop) {
    if (typeof options === 'function') [options, task, callback] = [5, options, task ?? noop];
    const times = typeof options === 'number' ? options : options.times ?? 5;
    const attempt = (left) => call(task, [], (error, ...answer) => {
      if (error && left > 1) setTimeout(() => attempt(left - 1), options.interval ?? 0);
      else callback(error, ...answer);
    });
    attempt(times);
  }

  Object.assign(exports, {
    waterfall, reduce, retry, whilst,
    series: tasksOf(1), parallel: tasksOf(Infinity), parallelLimit: limited(tasksOf),
    each: eachOf(Infinity), forEach: eachOf(Infinity), eachSeries: eachOf(1), forEachSeries: eachOf(1), eachLimit: limited(eachOf),
    eachOf: eachKeyOf(Infinity), forEachOf: eachKeyOf(Infinity), eachOfSeries: eachKeyOf(1),
    map: mapOf(Infinity), mapSeries: mapOf(1), mapLimit: limited(mapOf),
    filter: chosen(Infinity, filtered), filterSeries: chosen(1, filtered),
    some: chosen(Infinity, (_, answers) => answers.some(Boolean)), every: chosen(Infinity, (_, answers) => answers.every(Boolean)),
    detect: chosen(1, (values, answers) => values.find((_, at) => answers[at])),
    apply: (work, ...first) => (...rest) => work(...first, ...rest),
    setImmediate: (work, ...list) => queueMicrotask(() => work(...list)), nextTick: (work, ...list) => queueMicrotask(() => work(...list)),
  });
})
