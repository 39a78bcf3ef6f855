// Preloaded by NODE_OPTIONS into each process of Node that a command starts. One that is a test runner, and is asked for
// no report yet, is asked for one, into this folder and named by its process. What it starts in turn is not: neither
// its workers nor a runner that a test starts itself see any of this.
const { execArgv, argv, env, pid } = process;
const place = (runner) => `${__dirname}/report-${runner}-${pid}`;

// Of its reporters mocha starts one: this one starts two, for people and for us.
module.exports = function ForMocha(runner, options) {
  const { Spec, XUnit } = require(require.resolve("mocha", { paths: [process.cwd()] })).reporters;
  new Spec(runner, options);
  const ours = new XUnit(runner, { reporterOptions: { output: place("mocha") } });
  this.done = (failures, end) => ours.done(failures, end);
};

const RUNNERS = [
  [/[\\/]jest(-cli)?[\\/]bin[\\/]jest\.js$/, () => ["--json", `--outputFile=${place("jest")}`]],
  [/[\\/]vitest[\\/]vitest\.mjs$/,
    () => ["--reporter=default", "--reporter=json", `--outputFile.json=${place("vitest")}`]],
  [/[\\/]mocha[\\/]bin[\\/]_?mocha(\.js)?$/, () => ["--reporter", __filename]],
  [/[\\/]@?playwright[\\/](test[\\/])?cli\.js$/, () => {
    env.PLAYWRIGHT_JUNIT_OUTPUT_NAME = env.PLAYWRIGHT_JUNIT_OUTPUT_FILE = place("playwright");
    return ["--reporter=list,junit"];
  }],
];
const IS_ASKED =
  /^(-R|--(json|output-?[fF]ile|reporter|test-reporter|watch|list|listTests|showConfig|init|version|help)\b.*)$/;
const DOES_NOT_TEST = ["bench", "list", "init", "install", "install-deps", "show-report", "codegen", "typecheck"];

const forgotten = () => {
  env.NODE_OPTIONS = (env.NODE_OPTIONS ?? "").replace(/ ?--require=\S*\/starts\.cjs/, "");
  if (!env.NODE_OPTIONS) delete env.NODE_OPTIONS;
};

const real = (file) => {
  try {
    return require("fs").realpathSync(file);
  } catch {
    return file; // in an archive of Yarn's
  }
};

// Reporters of Node itself are settled before anything is preloaded: it is started once more, with them.
const startNodeAgain = () => {
  const { junit } = require("node:test/reporters"); // none before 18.17: that throws, and it runs as it was
  if (!junit) return;
  const shown = Number(process.versions.node.split(".")[0]) < 23 ? "tap" : "spec"; // what it prints when it is not asked
  const both = [[shown, "stdout"], ["junit", place("node")]].flatMap(([name, to]) => [
    `--test-reporter=${name}`, `--test-reporter-destination=${to}`,
  ]);
  const words = [...execArgv, ...both, ...argv.slice(1)];
  const done = require("child_process").spawnSync(process.execPath, words, { stdio: "inherit" });
  if (done.signal) process.kill(pid, done.signal);
  process.exit(done.status ?? 1);
};

const isAsked = [...execArgv, ...argv.slice(2)].some((word) => IS_ASKED.test(word));
const known = argv[1] && RUNNERS.find(([main]) => main.test(real(argv[1])));
if (execArgv.includes("--test") && !env.NODE_TEST_CONTEXT) {
  forgotten();
  try {
    if (!isAsked) startNodeAgain();
  } catch {}
} else if (known) {
  forgotten();
  const end = argv.indexOf("--");
  if (!isAsked && !DOES_NOT_TEST.includes(argv[2])) argv.splice(end < 0 ? argv.length : end, 0, ...known[1]());
}
