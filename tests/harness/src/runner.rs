//! Runs the black-box tests, each on its own thread, and reports those as ignored that the server at hand cannot serve.
//! The standard harness can ignore a test only before it runs.

use std::{panic::resume_unwind, process::ExitCode, thread};

use clap::Parser;
/// Used by the code that `#[harness::test]` generates.
pub use inventory;
use libtest_mimic::{Completion, Failed, Trial};
use tokio::runtime::Builder;

/// A test that `#[harness::test]` has registered.
pub struct Test {
    module: &'static str,
    name: &'static str,
    run: fn(),
}

inventory::collect!(Test);

/// The arguments of the standard harness, which takes several filters.
#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    standard: libtest_mimic::Arguments,
    /// Further filters: a test runs if its name contains one of all filters.
    #[arg(value_name = "FILTER")]
    further: Vec<String>,
}

/// The reason why a test cannot run; the payload that unwinds its thread.
struct Ignored(String);

impl Test {
    /// A test function with its name and the path of its module, which begins with the crate.
    pub const fn new(module: &'static str, name: &'static str, run: fn()) -> Self {
        Self { module, name, run }
    }

    fn path(&self) -> String {
        match self.module.split_once("::") {
            Some((_, module)) => format!("{module}::{}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// Runs every registered test that the command line selects.
pub fn run_all() -> ExitCode {
    let CommandLine {
        mut standard,
        further,
    } = CommandLine::parse();
    let mut tests: Vec<(String, fn())> = inventory::iter::<Test>
        .into_iter()
        .map(|test| (test.path(), test.run))
        .collect();
    tests.sort();
    if !further.is_empty() {
        let filters: Vec<String> = standard.filter.take().into_iter().chain(further).collect();
        tests.retain(|(path, _)| selects(&filters, path, standard.exact));
    }
    let trials = tests
        .into_iter()
        .map(|(path, run)| Trial::ignorable_test(path.clone(), move || outcome(path, run)));
    libtest_mimic::run(&standard, trials.collect()).exit_code()
}

/// Ends the calling test as ignored, with a reason that completes the sentence "it …".
pub fn ignore(reason: &str) -> ! {
    // `resume_unwind` calls no panic hook that would print it.
    resume_unwind(Box::new(Ignored(reason.to_owned())))
}

/// Runs an asynchronous test on the current thread alone.
pub fn on_one_thread(test: impl Future<Output = ()>) {
    block_on(&mut Builder::new_current_thread(), test);
}

/// Runs an asynchronous test whose tasks may block their threads.
pub fn on_many_threads(test: impl Future<Output = ()>) {
    block_on(&mut Builder::new_multi_thread(), test);
}

fn block_on(runtime: &mut Builder, test: impl Future<Output = ()>) {
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(test);
}

fn selects(filters: &[String], path: &str, exact: bool) -> bool {
    filters
        .iter()
        .any(|filter| path == filter || !exact && path.contains(filter.as_str()))
}

/// Runs a test on a thread of its name, as the standard harness does.
fn outcome(path: String, run: fn()) -> Result<Completion, Failed> {
    let thread = thread::Builder::new().name(path).spawn(run)?;
    let Err(panic) = thread.join() else {
        return Ok(Completion::Completed);
    };
    match panic.downcast::<Ignored>() {
        Ok(ignored) => Ok(Completion::ignored_with(ignored.0)),
        Err(panic) => resume_unwind(panic),
    }
}
