//! Runs the black-box tests, each on a thread of its own, and reports those as ignored that the server at hand cannot
//! serve. The standard harness can ignore a test only before it runs.

use std::{panic::resume_unwind, process::ExitCode, thread};

use clap::Parser;
/// The code that `#[harness::test]` writes needs it.
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

/// Why a test cannot run: what unwinds its thread.
struct Ignored(String);

impl Test {
    /// A function and where it stands: the path of its module begins with the crate.
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

/// Runs every registered test that the arguments of the command line select.
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

/// Ends the test that calls it as ignored, for a reason that completes the sentence "it …".
pub fn ignore(reason: &str) -> ! {
    // No panic hook prints it.
    resume_unwind(Box::new(Ignored(reason.to_owned())))
}

/// Runs an asynchronous test on its thread alone.
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

/// Runs a test on a thread that has its name, as the standard harness does.
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
