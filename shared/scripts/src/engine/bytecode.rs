//! Compiles scripts to bytecode and runs it. `rquickjs` can do so only for modules, but Rules are sloppy scripts.

#![expect(
    unsafe_code,
    reason = "QuickJS's own functions, which `rquickjs` does not wrap"
)]

use std::{ffi::CString, slice, sync::OnceLock};

use rquickjs::{Ctx, Error, Result, Value, qjs};

/// QuickJS declares its flags as `u32` and takes them as `c_int`.
const fn flags(flags: u32) -> i32 {
    flags.cast_signed()
}

/// A compiled script. Only [`Bytecode::compile`] makes it, in this process, and it is never stored: QuickJS does not
/// validate bytecode.
#[derive(Debug, Clone)]
pub(super) struct Bytecode(Vec<u8>);

impl Bytecode {
    /// Compiles a sloppy global script. A syntax error is an exception of the context.
    pub(super) fn compile(
        ctx: &Ctx<'_>,
        name: &str,
        source: &str,
        first_line: i32,
    ) -> Result<Self> {
        let name = CString::new(name.replace('\0', " "))?;
        let length = source.len() as _;
        let source = CString::new(source)?;
        let mut options = qjs::JSEvalOptions {
            version: flags(qjs::JS_EVAL_OPTIONS_VERSION),
            eval_flags: flags(qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY),
            filename: name.as_ptr(),
            line_num: first_line,
        };
        let raw = ctx.as_raw().as_ptr();
        // SAFETY: the context lives as long as `ctx`; source and name end in a zero byte and outlive the
        // call, and the length is that of the source without it.
        let value = unsafe { qjs::JS_Eval2(raw, source.as_ptr(), length, &raw mut options) };
        let function = owned(ctx, value)?;
        let mut size = 0;
        // SAFETY: `function` is a value of this context, alive during the call, which only reads it.
        let buffer = unsafe {
            qjs::JS_WriteObject(
                raw,
                &raw mut size,
                function.as_raw(),
                flags(qjs::JS_WRITE_OBJ_BYTECODE),
            )
        };
        if buffer.is_null() {
            return Err(Error::Exception);
        }
        let length = usize::try_from(size).unwrap_or_default();
        // SAFETY: QuickJS has just written that many bytes there, and no other code has the address.
        let bytes = unsafe { slice::from_raw_parts(buffer, length) }.to_vec();
        // SAFETY: it is QuickJS's own allocation, freed once.
        unsafe { qjs::js_free(raw, buffer.cast()) };
        Ok(Self(bytes))
    }

    /// Runs the script in a context and returns its completion value.
    pub(super) fn run<'js>(&self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let raw = ctx.as_raw().as_ptr();
        // SAFETY: the bytes were written by this version of QuickJS in this process, as the only way to
        // make a `Bytecode` is `compile`.
        let function = unsafe {
            qjs::JS_ReadObject(
                raw,
                self.0.as_ptr(),
                self.0.len() as _,
                flags(qjs::JS_READ_OBJ_BYTECODE),
            )
        };
        let function = owned(ctx, function)?;
        // SAFETY: `JS_EvalFunction` frees its argument, so it gets a reference of its own.
        let value = unsafe { qjs::JS_EvalFunction(raw, qjs::JS_DupValue(raw, function.as_raw())) };
        owned(ctx, value)
    }
}

/// One of the engine's own scripts, compiled on first use.
pub(super) struct Once(OnceLock<Bytecode>);

impl Once {
    /// A script that is not compiled yet.
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Runs the script; the first call compiles it.
    pub(super) fn run<'js>(&self, ctx: &Ctx<'js>, name: &str, source: &str) -> Result<Value<'js>> {
        match self.0.get() {
            Some(bytecode) => bytecode.run(ctx),
            None => {
                let bytecode = Bytecode::compile(ctx, name, source, 1)?;
                self.0.get_or_init(|| bytecode).run(ctx)
            }
        }
    }
}

/// Takes ownership of a value that QuickJS returned; an exception is an error.
fn owned<'js>(ctx: &Ctx<'js>, value: qjs::JSValue) -> Result<Value<'js>> {
    // SAFETY: every caller passes the result of a function that transfers a reference of this context.
    let value = unsafe { Value::from_raw(ctx.clone(), value) };
    if value.is_exception() {
        return Err(Error::Exception);
    }
    Ok(value)
}
