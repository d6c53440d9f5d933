"""One run against a real AWS account: `tests/aws`.

A disposable stack is deployed, used, measured and deleted. The modules are in the order of their use: `options`, `price`,
`machine`, `disposable`, `deployment`, `measure` and `probes`, `removal`, `report`; `__main__` is the run. None of them
imports `stack`, which replaces the caller's credentials by those of the emulators.
"""
