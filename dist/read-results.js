/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

/***/ 709:
/***/ ((module) => {

"use strict";
module.exports = require("./saxes.js");

/***/ }),

/***/ 766:
/***/ ((module) => {

"use strict";
module.exports = require("./shared.js");

/***/ }),

/***/ 503:
/***/ ((module) => {

"use strict";
module.exports = require("./step.js");

/***/ }),

/***/ 598:
/***/ ((module) => {

"use strict";
module.exports = require("node:crypto");

/***/ }),

/***/ 975:
/***/ ((module) => {

"use strict";
module.exports = require("node:util");

/***/ })

/******/ 	});
/************************************************************************/
/******/ 	// The module cache
/******/ 	var __webpack_module_cache__ = {};
/******/ 	
/******/ 	// The require function
/******/ 	function __nccwpck_require__(moduleId) {
/******/ 		// Check if module is in cache
/******/ 		var cachedModule = __webpack_module_cache__[moduleId];
/******/ 		if (cachedModule !== undefined) {
/******/ 			return cachedModule.exports;
/******/ 		}
/******/ 		// Create a new module (and put it into the cache)
/******/ 		var module = __webpack_module_cache__[moduleId] = {
/******/ 			// no module.id needed
/******/ 			// no module.loaded needed
/******/ 			exports: {}
/******/ 		};
/******/ 	
/******/ 		// Execute the module function
/******/ 		var threw = true;
/******/ 		try {
/******/ 			__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
/******/ 			threw = false;
/******/ 		} finally {
/******/ 			if(threw) delete __webpack_module_cache__[moduleId];
/******/ 		}
/******/ 	
/******/ 		// Return the exports of the module
/******/ 		return module.exports;
/******/ 	}
/******/ 	
/************************************************************************/
/******/ 	/* webpack/runtime/asset-relocator-loader */
/******/ 	if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = __dirname + "/";
/******/ 	
/************************************************************************/
var __webpack_exports__ = {};
// This entry need to be wrapped in an IIFE because it uses a non-standard name for the exports (exports).
(() => {
var exports = __webpack_exports__;
const require_tests = __nccwpck_require__(766);
const require_step = __nccwpck_require__(503);
let node_util = __nccwpck_require__(975);
let node_crypto = __nccwpck_require__(598);
// src/results/age.ts
const GRACE_MS = 5e3;
function staleProblem(path, { jobBeganMs }, files, now) {
	const modifiedMs = files.modifiedMs(path);
	if (jobBeganMs === void 0 || modifiedMs === void 0 || modifiedMs >= jobBeganMs - GRACE_MS) return void 0;
	const age = require_tests.ageText(now.getTime() - modifiedMs);
	return new require_tests.FormError(`is ${age} old, from before this job began. Remove old reports before the eval runs, or touch one that is current (Gradle and Bazel leave the reports of cached tests as they were)`);
}
// src/results/own-file.ts
function fieldsIn(document, path, now) {
	if (!require_tests.isJsonObject(document)) {
		const message = `${path} is ${require_tests.kindOf(document)}, but results_format fields expects an object such as {"score": 87}`;
		throw new require_tests.InputError([{
			name: "results_file",
			message
		}]);
	}
	const { values, problems } = require_step.readFields(document, path, now);
	const { score: value, score_scale: scale, ...fields } = values;
	return {
		fields,
		problems,
		...value !== void 0 && { score: {
			name: `score in ${path}`,
			value,
			scale
		} }
	};
}
// src/results/documents.ts
var NoResultsError = class NoResultsError extends require_tests.FormError {
	reason;
	isHarmless;
	constructor(reason, advice = "", isHarmless = false) {
		super(advice ? `${reason}. ${advice}` : reason);
		this.reason = reason;
		this.isHarmless = isHarmless;
	}
	static for({ name, advice, isHarmless }) {
		return new NoResultsError(`is ${name}, not JUnit`, advice, isHarmless);
	}
};
const DOTNET = "Write JUnit with the package JunitXml.TestLogger: dotnet test --logger junit";
const COVERAGE = "Name the file with the test results";
const OTHER_XML = [
	{
		name: "a coverage report (Cobertura or Clover)",
		root: "coverage",
		advice: COVERAGE,
		isHarmless: true
	},
	{
		name: "a coverage report (JaCoCo)",
		root: "report",
		doctype: /JACOCO/,
		advice: COVERAGE,
		isHarmless: true
	},
	{
		name: "the summary of Maven Failsafe",
		root: "failsafe-summary",
		advice: "Name the TEST-*.xml files",
		isHarmless: true,
		unless: {
			attribute: "timeout",
			value: "true",
			element: "failureMessage"
		}
	},
	{
		name: "an open test report",
		root: "events",
		namespace: /opentest4j/,
		advice: "Name the TEST-*.xml files",
		isHarmless: true
	},
	{
		name: "a Checkstyle report",
		root: "checkstyle",
		advice: COVERAGE,
		isHarmless: true
	},
	{
		name: "TRX",
		root: "TestRun",
		namespace: /microsoft\.com\/schemas\/VisualStudio\/TeamTest/,
		advice: DOTNET
	},
	{
		name: "CppUnit's own XML",
		root: "TestRun",
		advice: "Convert it to JUnit, or write it with an outputter of your own"
	},
	{
		name: "Check's own XML",
		root: "testsuites",
		namespace: /check\.sourceforge\.net/,
		advice: "Write TAP (srunner_set_tap) and convert that to JUnit"
	},
	{
		name: "NUnit's own XML",
		root: "test-run",
		advice: DOTNET
	},
	{
		name: "NUnit 2's own XML",
		root: "test-results",
		advice: DOTNET
	},
	{
		name: "xUnit.net's own XML",
		root: "assemblies",
		advice: DOTNET
	},
	{
		name: "promptfoo's own XML",
		root: "promptfoo",
		advice: "Write JSON: promptfoo eval -o results.json"
	}
];
function otherXml(root, attributes, doctype) {
	const namespaces = Object.keys(attributes).filter((name) => /^xmlns(?::|$)/.test(name)).map((name) => attributes[name]).join();
	return OTHER_XML.find((row) => row.root === root && (row.namespace?.test(namespaces) ?? true) && (row.doctype?.test(doctype) ?? true));
}
const OTHER_TEXT = [
	{
		name: "the output of go test -json",
		beginning: /^\{.*"Action":"/,
		advice: "Write JUnit with gotestsum --junitfile results.xml"
	},
	{
		name: "TAP",
		beginning: /^(?:TAP version \d|1\.\.\d|(?:not )?ok\b|\S+\.t \.\.)/,
		advice: "Write JUnit, or convert TAP to it, for example with tap-xunit"
	},
	{
		name: "CSV",
		beginning: /^"?[\w. -]+"?(?:,(?! )"?[\w. -]*"?)+$/,
		advice: "Write JSON, and set results_format to json with score_pointer or metrics_pointer"
	}
];
function otherText(beginning) {
	const row = OTHER_TEXT.find((one) => one.beginning.test(beginning));
	return row && new NoResultsError(`is ${row.name}`, row.advice);
}
// src/results/json-file.ts
const MAX_JSON_BYTES = 268435456;
async function readJson(all, areLines) {
	const pieces = limited$1(all);
	const [line, after] = await readFirstLine(pieces);
	const first = tryParse(line);
	let rest = after;
	while (rest.trim() === "") {
		const { value, done } = await pieces.next();
		if (done) break;
		rest += value;
	}
	const hasMore = rest.trim() !== "";
	if (areLines(first.value, hasMore)) return { lines: linesOf$1({
		number: line.split("\n").length,
		value: resultOf(first)
	}, rest, pieces) };
	if (!hasMore) return { document: resultOf(first) };
	const texts = [
		line,
		"\n",
		rest
	];
	for await (const piece of pieces) texts.push(piece);
	return { document: require_tests.parseResultsJson(texts.splice(0).join("")) };
}
async function* readLines(files, path) {
	await using file = await require_step.openText(files, path);
	const json = await readJson(file.pieces, () => true);
	if ("lines" in json) yield* json.lines;
}
async function* limited$1(pieces) {
	let length = 0;
	for await (const piece of pieces) {
		length += piece.length;
		if (length > MAX_JSON_BYTES) throw require_step.tooLarge(MAX_JSON_BYTES);
		yield piece;
	}
}
async function readFirstLine(pieces) {
	const before = [];
	for (let isBlank = true;;) {
		const { value, done } = await pieces.next();
		if (done) return [before.join(""), ""];
		const start = isBlank ? value.search(/\S/) : 0;
		isBlank = start === -1;
		const end = isBlank ? -1 : value.indexOf("\n", start);
		before.push(end === -1 ? value : value.slice(0, end));
		if (end !== -1) return [before.join(""), value.slice(end + 1)];
	}
}
async function* linesOf$1(first, rest, pieces) {
	yield [first];
	let { number } = first;
	let open = [];
	const parsed = (text) => {
		number++;
		return text.trim() === "" ? [] : [{
			number,
			value: require_tests.parseResultsJson(text, number)
		}];
	};
	for await (const piece of require_step.chain([rest], pieces)) {
		const end = piece.lastIndexOf("\n");
		if (end === -1) {
			open.push(piece);
			continue;
		}
		open.push(piece.slice(0, end));
		yield open.join("").split("\n").flatMap(parsed);
		open = [piece.slice(end + 1)];
	}
	yield parsed(open.join(""));
}
function tryParse(text) {
	try {
		return { value: require_tests.parseResultsJson(text) };
	} catch (error) {
		return { error };
	}
}
function resultOf({ value, error }) {
	if (value === void 0) throw error;
	return value;
}
// src/results/pointer.ts
var Pointer = class {
	text;
	#names;
	constructor(text) {
		this.text = text;
		const names = text.split("/").slice(1);
		this.#names = names.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
	}
	get isSingle() {
		return !this.#names.includes("*");
	}
	find(document, onResult) {
		this.#walk(document, 0, [], onResult);
	}
	findInItem(item, index, onResult) {
		const [name] = this.#names;
		if (name === "*" || name === String(index)) this.#walk(item, 1, [index], onResult);
	}
	endItems(count, onResult) {
		const [name = ""] = this.#names;
		if (name === "*" || (indexIn(name) ?? count) < count) return;
		onResult({
			value: new Array(count),
			isEnd: false,
			path: []
		});
	}
	#walk(value, depth, path, onResult) {
		const name = this.#names[depth];
		if (name === void 0) {
			onResult({
				value,
				isEnd: true,
				path
			});
			return;
		}
		let isEmpty = true;
		for (const [key, child] of childrenOf(value, name)) {
			isEmpty = false;
			path.push(key);
			this.#walk(child, depth + 1, path, onResult);
			path.pop();
		}
		if (isEmpty) onResult({
			value,
			isEnd: false,
			path
		});
	}
};
function childrenOf(value, name) {
	if (Array.isArray(value)) {
		const items = value;
		if (name === "*") return items.entries();
		const index = indexIn(name) ?? items.length;
		return index < items.length ? [[index, items[index]]] : [];
	}
	if (!require_tests.isJsonObject(value)) return [];
	if (name === "*") return Object.entries(value);
	return Object.hasOwn(value, name) ? [[name, value[name]]] : [];
}
function foundText({ value, isEnd, path }) {
	const place = path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
	return `${require_tests.cut(place, 200) || "the document"} is ${isEnd ? valueText(value) : insideOf(value)}`;
}
function indexIn(name) {
	return /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : void 0;
}
function valueText(value) {
	return typeof value === "number" && !Number.isFinite(value) ? "a number that is too large" : require_tests.kindOf(value);
}
function insideOf(value) {
	if (Array.isArray(value)) return `an array of ${require_tests.counted(value.length, "item")}`;
	if (!require_tests.isJsonObject(value)) return require_tests.kindOf(value);
	const keys = Object.keys(value);
	return keys.length === 0 ? "an empty object" : `an object with the keys ${require_tests.listed(keys)}`;
}
// src/results/shape.ts
function objectAt(place, value) {
	return require_tests.isJsonObject(value) ? value : mismatch(place, "an object", value);
}
function arrayAt(place, value) {
	return Array.isArray(value) ? value : mismatch(place, "an array", value);
}
function booleanAt(place, value) {
	return typeof value === "boolean" ? value : mismatch(place, "true or false", value);
}
function oneAt(place, value, table) {
	return (typeof value === "string" && Object.hasOwn(table, value) ? table[value] : void 0) ?? mismatch(place, `one of ${Object.keys(table).join(", ")}`, value);
}
function objectIn(value) {
	return require_tests.isJsonObject(value) ? value : {};
}
function arrayIn(value) {
	return Array.isArray(value) ? value : [];
}
function textIn(value) {
	return typeof value === "string" ? value : "";
}
function numberIn(value) {
	return Number.isFinite(value) ? value : void 0;
}
function outputIn({ output = null }) {
	return output === null ? {} : { output: require_tests.textOf(output) };
}
function sumOf(values) {
	let sum;
	for (const value of values) if (value !== void 0) sum = (sum ?? 0) + value;
	return sum;
}
function mismatch(place, expected, value) {
	const found = value === void 0 ? "nothing" : typeof value === "string" ? JSON.stringify(require_tests.cut(value, 40)) : require_tests.kindOf(value);
	throw new require_tests.FormError(`does not have the expected form: ${place}: expected ${expected}, found ${found}`);
}
// src/results/read-pointers.ts
async function readPointers(scorePointer, metricsPointers, paths, files) {
	const score = scorePointer === void 0 ? void 0 : new ScoreReader(scorePointer);
	const metrics = metricsPointers.map((text) => new MetricsReader(text));
	const readers = [...require_tests.present([score]), ...metrics];
	const problems = [];
	for (const path of paths) try {
		await readFile$2(path, files, readers);
		problems.push(...require_tests.present(readers.map((reader) => reader.endFile(path))));
	} catch (error) {
		problems.push(require_tests.problemOf("results_file", path, error));
	}
	const where = paths.length === 1 ? paths[0] : require_tests.listed(paths);
	if (problems.length === 0) problems.push(...require_tests.present(readers.map((reader) => reader.end(where))));
	if (problems.length > 0) throw new require_tests.InputError(problems);
	return {
		...score && { score: {
			name: `score in ${where}`,
			value: score.mean
		} },
		...metricsPointers.length > 0 && { metrics: meansOf(metrics) },
		problems
	};
}
function meansOf(readers) {
	const means = new require_step.NamedMeans();
	for (const reader of readers) means.merge(reader.means);
	return Object.fromEntries(means.entries().filter(([, mean]) => Number.isFinite(mean)));
}
async function readFile$2(path, files, readers) {
	const isNamedSo = /\.(?:jsonl|ndjson)$/i.test(path);
	await using file = await require_step.openText(files, path);
	const other = /^[{[]/.test(file.beginning) ? void 0 : otherText(file.beginning);
	if (other) throw other;
	const json = await readJson(file.pieces, (first, hasMore) => isNamedSo || first !== void 0 && hasMore);
	if ("document" in json) {
		for (const { pointer, take } of readers) pointer.find(json.document, take);
		return;
	}
	let count = 0;
	for await (const lines of json.lines) for (const { value } of lines) {
		for (const { pointer, take } of readers) pointer.findInItem(value, count, take);
		count++;
	}
	for (const { pointer, take } of readers) pointer.endItems(count, take);
}
var ScoreReader = class {
	pointer;
	#mean = new require_step.Mean();
	#file = new Faults();
	constructor(pointer) {
		this.pointer = new Pointer(pointer);
	}
	take = (result) => {
		const number = result.isEnd ? measureIn(result.value) : void 0;
		if (number === void 0) this.#file.add(result);
		else {
			this.#file.numbers++;
			this.#mean.add(number);
		}
	};
	endFile(path) {
		const message = this.#file.textFor(this.pointer, path);
		this.#file = new Faults();
		return message === void 0 ? void 0 : {
			name: "score_pointer",
			message
		};
	}
	end(paths) {
		if (Number.isFinite(this.mean)) return void 0;
		return {
			name: "score_pointer",
			message: `${require_tests.quoted(this.pointer.text)} finds numbers in ${paths} whose sum is too large`
		};
	}
	get mean() {
		return this.#mean.count === 1 ? this.#mean.sum : this.#mean.value;
	}
};
var Faults = class {
	numbers = 0;
	#count = 0;
	#first;
	#value;
	add(result) {
		this.#first ??= foundText(result);
		if (result.isEnd) this.#value = result.value;
		this.#count++;
	}
	textFor({ text, isSingle }, path) {
		if (this.#count === 0) return void 0;
		const pointer = require_tests.quoted(text);
		if (this.#value === void 0 && this.numbers === 0) return `${pointer} finds nothing in ${path}: ${this.#first}`;
		if (isSingle && typeof this.#value === "number") return `${pointer} points to a number in ${path} that is too large`;
		if (isSingle) return `${pointer} points to ${require_tests.kindOf(this.#value ?? null)} in ${path}, expected a number`;
		const places = this.#count + this.numbers;
		return `${pointer} finds no number at ${this.#count} of ${places} places in ${path}: ${this.#first}. Each needs one, since a case that did not finish must not raise the mean`;
	}
};
var MetricsReader = class {
	pointer;
	means = new require_step.NamedMeans();
	#unscored = new require_step.NamedMeans();
	#hasScored = false;
	#first;
	#unnamed;
	constructor(pointer) {
		this.pointer = new Pointer(pointer);
	}
	take = (result) => {
		const { value, isEnd, path } = result;
		const key = path.at(-1);
		if (isEnd && require_tests.isJsonObject(value)) this.#takeObject(value);
		else if (isEnd && typeof key === "string") this.means.add(key, measureIn(value));
		else if (isEnd && measureIn(value) !== void 0) this.#unnamed ??= foundText(result);
		this.#first ??= foundText(result);
	};
	endFile(path) {
		const unnamed = this.#unnamed;
		if (unnamed === void 0) return void 0;
		this.#unnamed = void 0;
		return {
			name: "metrics_pointer",
			message: `${require_tests.quoted(this.pointer.text)} finds numbers without a name in ${path}: ${unnamed} in an array. Point to objects such as {"accuracy": 0.92} or {"name": "accuracy", "value": 0.92}`
		};
	}
	end(paths) {
		if (!this.#hasScored) this.means.merge(this.#unscored);
		if (this.means.size > 0) return void 0;
		return {
			name: "metrics_pointer",
			message: `${require_tests.quoted(this.pointer.text)} finds no number in ${paths}: ${this.#first}`
		};
	}
	#takeObject(object) {
		const { name, score, value } = object;
		if (typeof name === "string" && (score !== void 0 || value !== void 0)) {
			this.#hasScored = true;
			this.means.add(name, measureIn(score) ?? measureIn(value));
			return;
		}
		const means = typeof name === "string" ? this.#unscored : this.means;
		for (const [key, member] of Object.entries(object)) means.add(key, measureIn(member));
	}
};
function measureIn(value) {
	return typeof value === "boolean" ? Number(value) : numberIn(value);
}
// src/results/declared.ts
function hiddenFailure({ failed = 0, totals, verdict }, shown) {
	if (shown.failed > 0) return void 0;
	return verdict ?? (failed > shown.more ? totals : void 0);
}
function isContradicted({ failed = NaN }, shown) {
	return failed > shown.failed + shown.more || failed < shown.failed - shown.fewer;
}
function hiddenCase(kind, failure, name, file, output = "") {
	const why = {
		message: `the ${kind} says ${failure}, but none of its cases failed${output && `: ${require_tests.cut(output.replaceAll(/\s+/g, " "), 200)}`}`,
		body: output
	};
	return {
		status: "errored",
		details: () => ({
			name,
			why,
			file
		})
	};
}
function totalOf(value) {
	const text = String(value).replaceAll(/[\s,]/g, "");
	const count = text === "" ? NaN : Math.ceil(Number(text));
	return Number.isFinite(count) && count >= 0 ? count : void 0;
}
// src/results/facts.ts
const ELEMENTS = [
	{
		element: "skipped",
		type: "todo",
		mayFail: "counted"
	},
	{
		element: "skipped",
		message: /^TEST_CASE tagged with !(?:mayfail|shouldfail)/,
		mayFail: "uncounted"
	},
	{
		element: "skipped",
		status: "notrun",
		message: /^(?!SKIP_)/,
		means: "errored"
	},
	{
		element: "skipped",
		type: "timeout",
		means: "errored"
	},
	{
		element: "skipped",
		body: /^\s*\{tc_auto_skip,/,
		means: "errored"
	},
	{
		element: "failure",
		type: "WARN",
		means: "passed"
	},
	{
		type: "TodoTestSucceeded",
		means: "passed"
	},
	{
		element: "aborted",
		type: "org.opentest4j.TestAbortedException",
		means: "skipped"
	},
	{
		type: "org.testng.SkipException",
		means: "skipped"
	}
];
function habitOf(element, { message, type, body }, { status }) {
	return ELEMENTS.find((row) => (row.element ?? element) === element && (row.type ?? type) === type && (row.status ?? status) === status && (row.message?.test(message) ?? true) && (row.body?.test(body) ?? true));
}
const isOutside = anyOf([/^Error - (?!.*\[FAIL\]\s*$)/, /^\(test program exited with status code \d+\)/]);
const followsFromCase = anyOf([/^Dubious, test returned /, /^\(test program exited /]);
const TOTALS = [{
	property: "QTestVersion",
	without: "hostname",
	total: "errors"
}];
function uncountedTotal(suite, property) {
	return TOTALS.find((row) => row.property === property && suite[row.without] === void 0)?.total;
}
const UNIQUE_NAMES = [{
	root: "pytest tests",
	suite: "pytest"
}];
function hasUniqueNames(suite, root) {
	return UNIQUE_NAMES.some((row) => row.suite === suite || row.root === root);
}
const LISTS = [{
	root: "AllTests",
	without: "failures",
	option: "--gtest_list_tests"
}];
function listingOption(root) {
	return LISTS.find((row) => row.root === root.name && root[row.without] === void 0)?.option;
}
const isEmptyOnPurpose = anyOf([/^JUnit Vintage$/]);
const isRerun = anyOf([/flaky|rerun/]);
const isEmptyMessage = anyOf([
	/^failed$/i,
	/^failure$/i,
	/^test failure$/i,
	/^none$/i
]);
const isNoise = anyOf([
	/^[^\p{L}\p{N}]*$/u,
	/^\S+:\d+:?$/,
	/^at .*(?:\(.*\)|:\d+|:line \d+)$/,
	/^(?:File ".*", line \d|Traceback \(most recent call last\):)/,
	/^\u25cf Test suite failed to run$/,
	/^(?:goroutine \d+ \[|created by .* in goroutine|\S+:\d+ \+0x|\S+\(.*0x[\da-f].*\)$|\S+\.func\d[.\d]*\()/,
	/^(?:===|---) /,
	/^(?:stack traceback:$|\S+: in (?:function|upvalue|method|local|main|field) )/,
	/^(?:(?:::)?in (?:function|call from) .*\(.*line \d+\)|\{(?:module,\w+|line,\d+)\},?)$/,
	/^\(?(?:in test|from function|in) .* line \d+[,)]$/,
	/^(?:ASSERTION FAILURE:|- (?:file|line)\s*:.*)$/
]);
const EXPECTED_FAILURES = [{
	status: "passed",
	rawStatus: "failed"
}];
function isExpectedFailure(test) {
	return EXPECTED_FAILURES.some((row) => row.status === test.status && row.rawStatus === test.rawStatus);
}
const isHash = anyOf([/^[0-9a-f]{64}$/]);
function anyOf(patterns) {
	return (text) => patterns.some((pattern) => pattern.test(text));
}
// src/results/status.ts
const WORDS = {
	passed: "passed pass ok success successful succeeded run ran completed complete executed done fixed true",
	skipped: "skipped skip disabled ignored ignore notrun notexecuted pending todo suppressed deselected filtered excluded incomplete",
	errored: "error errored timeout timedout broken abort aborted crash crashed interrupted cancelled canceled killed terminated undefined ambiguous inconclusive unknown blocked warning risky exception hang hung stopped invalid unstable untested",
	failed: "failed fail failure notok ko unsuccessful false"
};
const STATUSES$2 = new Map(require_tests.CASE_STATUSES.flatMap((status) => WORDS[status].split(" ").map((word) => [word, status])));
function caseStatusOf(word) {
	return STATUSES$2.get(word.toLowerCase().replaceAll(/[\s_-]/g, ""));
}
function worseOf(one, other) {
	return require_tests.CASE_STATUSES.indexOf(other) > require_tests.CASE_STATUSES.indexOf(one) ? other : one;
}
// src/results/ctrf.ts
const STATUSES$1 = {
	passed: "passed",
	failed: "failed",
	skipped: "skipped",
	pending: "skipped",
	other: "errored"
};
const ctrf = {
	name: "ctrf",
	recognises: (document) => Array.isArray(objectIn(objectIn(document).results).tests),
	read(document, onCase) {
		const results = objectAt("results", objectAt("the document", document).results);
		const counts = {
			failed: 0,
			other: 0,
			expected: 0
		};
		const durations = arrayAt("results.tests", results.tests).map((value, index) => {
			const test = objectAt(`results.tests[${index}]`, value);
			const duration = numberIn(test.duration);
			if (test.status === "failed") counts.failed++;
			if (test.status === "other") counts.other++;
			if (isExpectedFailure(test)) counts.expected++;
			onCase({
				status: test.status === "other" && caseStatusOf(textIn(test.rawStatus)) === "skipped" ? "skipped" : oneAt(`results.tests[${index}].status`, test.status, STATUSES$1),
				details: () => ({
					suites: suitesIn(test.suite),
					name: textIn(test.name),
					why: {
						message: textIn(test.message),
						body: textIn(test.trace)
					},
					file: textIn(test.filePath),
					durationMs: duration,
					startMs: numberIn(test.start),
					endMs: numberIn(test.stop)
				})
			});
			return duration;
		});
		const summary = objectIn(results.summary);
		const other = totalOf(summary.other) ?? 0;
		const failed = totalOf(summary.failed) ?? 0;
		const shown = counts.failed + Math.max(0, counts.other - other);
		const hidden = failed - shown - counts.expected;
		reportHidden(`summary.failed is ${failed}, and ${shown} of the tests failed`, hidden, onCase);
		const reasons = errorsIn(results);
		const message = `summary.other is ${other}, and ${counts.other} of the tests have this status`;
		reportHidden(reasons[0] ?? message, other - counts.other, onCase);
		return {
			durationMs: sumOf(durations),
			declared: {}
		};
	}
};
function reportHidden(message, count, onCase) {
	if (count <= 0) return;
	onCase({
		status: "errored",
		count,
		details: () => ({
			name: "outside of the tests",
			why: { message }
		})
	});
}
function suitesIn(suite) {
	return (Array.isArray(suite) ? suite.map(textIn) : [textIn(suite)]).filter((name) => !isHash(name));
}
function errorsIn(results) {
	return arrayIn(objectIn(results.extra).suites).map(objectIn).flatMap(({ errors }) => arrayIn(errors)).map(objectIn).map(({ name, message }) => require_tests.present([textIn(name), textIn(message)]).join(": "));
}
// src/results/jest.ts
const STATUSES = {
	passed: "passed",
	failed: "failed",
	error: "errored",
	pending: "skipped",
	skipped: "skipped",
	todo: "skipped",
	disabled: "skipped"
};
const jest = {
	name: "jest",
	recognises: (document) => Array.isArray(objectIn(document).testResults),
	read(value, onCase) {
		const document = objectAt("the document", value);
		const files = arrayAt("testResults", document.testResults).map((file, i) => objectAt(`testResults[${i}]`, file));
		const folder = commonFolderOf(files.map(({ name }) => textIn(name)));
		let errored = 0;
		const durations = files.map((file, i) => readFile$1(file, `testResults[${i}]`, folder, (found) => {
			if (found.status === "errored") errored++;
			onCase(found);
		}));
		const failed = totalOf(document.numFailedTests);
		const failedFiles = totalOf(document.numFailedTestSuites) ?? 0;
		const verdicts = [document.success === false && "success: false", failedFiles > 0 && `numFailedTestSuites: ${failedFiles}`];
		return {
			durationMs: sumOf(durations),
			declared: {
				failed,
				totals: `numFailedTests: ${failed}`,
				verdict: require_tests.present(verdicts)[0]
			},
			fewer: errored,
			isEmptyOnPurpose: document.success === true
		};
	}
};
function readFile$1(file, place, folder, onCase) {
	const path = textIn(file.name);
	const shortPath = path.slice(folder.length);
	const statuses = new Set();
	const durations = arrayAt(`${place}.assertionResults`, file.assertionResults).map((value, i) => {
		const test = objectAt(`${place}.assertionResults[${i}]`, value);
		const status = oneAt(`${place}.assertionResults[${i}].status`, test.status, STATUSES);
		statuses.add(status);
		const details = () => ({
			...detailsOf(test, shortPath),
			file: path
		});
		onCase({
			status,
			details,
			measured: measuredIn$1(test)
		});
		return numberIn(test.duration);
	});
	if (file.status === "failed" && !statuses.has("failed") && !statuses.has("errored")) onCase({
		status: "errored",
		details: () => ({
			name: shortPath,
			why: { message: textIn(file.message) },
			file: path,
			startMs: numberIn(file.startTime),
			endMs: numberIn(file.endTime)
		})
	});
	return sumOf(durations);
}
function detailsOf(test, path) {
	const { ancestorTitles, title, fullName, failureMessages } = test;
	return {
		...typeof title === "string" ? {
			suites: arrayIn(ancestorTitles).map(textIn),
			name: title
		} : { name: textIn(fullName) || path },
		why: { message: arrayIn(failureMessages).map(textIn).find(Boolean) ?? "" },
		durationMs: numberIn(test.duration),
		startMs: numberIn(test.startAt),
		score: numberIn(evalIn(test).avgScore),
		...outputIn(evalIn(test))
	};
}
function evalIn({ meta }) {
	return objectIn(objectIn(meta).eval);
}
function measuredIn$1(test) {
	const { avgScore, scores } = evalIn(test);
	const scored = arrayIn(scores).map(objectIn).filter(({ score }) => numberIn(score) !== void 0);
	return {
		score: numberIn(avgScore),
		namedScores: Object.fromEntries(scored.map(({ name, score }) => [textIn(name), numberIn(score)]))
	};
}
function commonFolderOf(paths) {
	const [first = [], ...others] = paths.map((path) => path.split(/(?<=[\\/])/).slice(0, -1));
	const fork = first.findIndex((part, i) => others.some((other) => other[i] !== part));
	return (fork === -1 ? first : first.slice(0, fork)).join("");
}
// src/results/case-table.ts
var CaseTable = class {
	#keys = new Float64Array(1024);
	#statuses = new Uint8Array(1024);
	#size = 0;
	add(key, status) {
		const place = this.#placeOf(key);
		const before = this.#statuses[place] ?? 0;
		this.#keys[place] = key;
		this.#statuses[place] = Math.max(before, require_tests.CASE_STATUSES.indexOf(status) + 1);
		if (before > 0) return require_tests.CASE_STATUSES[before - 1];
		if (++this.#size > this.#keys.length * .7) this.#grow();
	}
	#placeOf(key) {
		const mask = this.#keys.length - 1;
		let place = key >>> 0 & mask;
		while (this.#statuses[place] !== 0 && this.#keys[place] !== key) place = place + 1 & mask;
		return place;
	}
	#grow() {
		const [keys, statuses] = [this.#keys, this.#statuses];
		this.#keys = new Float64Array(2 * keys.length);
		this.#statuses = new Uint8Array(2 * keys.length);
		for (const [i, key] of keys.entries()) {
			const { [i]: status = 0 } = statuses;
			if (status === 0) continue;
			const place = this.#placeOf(key);
			this.#keys[place] = key;
			this.#statuses[place] = status;
		}
	}
};
// src/results/cases.ts
const MAX_TEXT_LENGTH = 65536;
const MAX_NAME_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 200;
const MAX_LINES = 3;
const MAX_NOISE_LENGTH = 1e3;
const MAX_PATH_LENGTH = 1e3;
function failureOf(details) {
	return {
		name: nameOf(details),
		message: require_tests.cut(reasonOf(details), MAX_MESSAGE_LENGTH),
		...details.file && { file: require_tests.cut(linesOf(details.file).join(" "), MAX_PATH_LENGTH) }
	};
}
function testCaseOf(status, details) {
	const { why, input, output, score, file, durationMs, startMs = NaN } = details;
	const { endMs = startMs + (durationMs ?? NaN) } = details;
	const suite = suitesOf(details).join(" > ");
	const times = [startMs, endMs].map(timeOf);
	const [startTime, endTime] = endMs < startMs ? [] : times;
	return {
		status,
		name: nameOf(details),
		...require_tests.defined({
			error: require_tests.isFailing(status) ? wholeOf(why) || `${status}; the file does not say why` : void 0,
			input: input === void 0 ? void 0 : require_tests.cut(input, MAX_TEXT_LENGTH),
			output: output === void 0 ? void 0 : require_tests.cut(output, MAX_TEXT_LENGTH),
			score,
			startTime,
			endTime,
			suite: suite ? require_tests.cut(suite, MAX_NAME_LENGTH) : void 0,
			file: file ? require_tests.cut(file, MAX_PATH_LENGTH) : void 0,
			durationMs: durationMs === void 0 ? void 0 : Math.round(durationMs)
		})
	};
}
function nameOf(details) {
	const { name } = details;
	const parts = [...suitesOf(details), name].filter((part) => part !== "");
	const [outermost = name] = parts;
	const whole = name.startsWith(outermost) && !/^\w/.test(name.slice(outermost.length)) ? name : parts.join(" > ");
	return require_tests.cut(linesOf(whole).join(" "), MAX_NAME_LENGTH) || "a case without a name";
}
function suitesOf({ suites = [] }) {
	return suites.filter((suite) => suite !== "");
}
function reasonOf(details) {
	const { message, body = "", type = "" } = details.why;
	const [short, long] = [linesOf(afterTraceback(message)), linesOf(afterTraceback(body))];
	const [first = "", ...more] = short.filter((line) => saysSomething(line, details));
	const rest = long.filter((line) => saysSomething(line, details));
	const [beginning = first] = rest.slice(0, 1).filter((line) => isNamed(line, first));
	const lines = first === "" ? rest : [beginning, ...more];
	const [fallback = ""] = [
		...short,
		...linesOf(type),
		...linesOf(message),
		...linesOf(body)
	];
	return lines.slice(0, MAX_LINES).join(" ") || fallback;
}
function isNamed(line, message) {
	return line.endsWith(message) && /^[\w.$]+: $/.test(line.slice(0, line.length - message.length));
}
function saysSomething(line, details) {
	if (line.length > MAX_NOISE_LENGTH) return true;
	return !isEmptyMessage(line) && !isNoise(line) && !isNameOf(line, details);
}
function isNameOf(line, details) {
	const [name, suites] = [details.name, suitesOf(details).join("")].map(lettersOf);
	return [line, line.replace(/ \([^()]*\)$/, "")].map(lettersOf).some((text) => text === name || text === `${suites}${name}`);
}
function lettersOf(text) {
	return text.replaceAll(/[^\p{L}\p{N}]/gu, "");
}
function wholeOf({ message, body = "", type = "" }) {
	const short = plain(message).trim();
	const rest = plain(body).trim();
	const whole = isEmptyMessage(short) || rest.includes(short) ? rest : `${short}\n${rest}`.trim();
	return require_tests.cut(whole || short || plain(type), MAX_TEXT_LENGTH);
}
function afterTraceback(text) {
	let end = /^\s*Traceback \(most recent call last\):\r?\n/.exec(text)?.[0].length ?? 0;
	while (end > 0 && /\s/.test(text.charAt(end))) end = text.indexOf("\n", end) + 1;
	return text.slice(end);
}
function linesOf(text) {
	return plain(text).split(/[\n\r\u2028\u2029]/).map((line) => line.replace(/\p{Cc}+/gu, " ").trim()).filter((line) => line !== "");
}
function plain(text) {
	const escaped = require_tests.cut(text, MAX_TEXT_LENGTH).replace(/(?:&(?:amp)?)?#(?:x1b|27);?(?=\[)/gi, "\x1B");
	return (0, node_util.stripVTControlCharacters)(escaped).toWellFormed();
}
const [FIRST_MS, LAST_MS] = [1e11, 0xe677d21fdbff];
function timeOf(ms) {
	return ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms).toISOString() : void 0;
}
// src/results/junit-attributes.ts
function reasonIn(attributes) {
	return {
		message: "",
		type: ["status", "result"].filter((name) => attributes[name]).map((name) => textOfAttribute(attributes, name)).join(" ")
	};
}
function declaredBy(attributes, uncounted) {
	const totals = ["failures", "errors"].filter((name) => name !== uncounted);
	const status = ["status", "result"].find((name) => require_tests.isFailing(caseStatusOf(attributes[name] ?? "")));
	return {
		failed: sumOf(totals.map((name) => totalOf(attributes[name]))),
		totals: totals.filter((name) => totalOf(attributes[name])).map((name) => textOfAttribute(attributes, name)).join(" "),
		verdict: status && textOfAttribute(attributes, status)
	};
}
function textOfAttribute(attributes, name) {
	return `${name}="${require_tests.cut(String(attributes[name]), 40)}"`;
}
function keyOf({ classname, name }) {
	return Number.parseInt((0, node_crypto.hash)("sha1", JSON.stringify([classname, name])).slice(0, 13), 16);
}
function millisecondsOf(text) {
	if (!text?.trim()) return void 0;
	const seconds = Number(text.includes(",") ? withPoint(text) : text);
	return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1e3 : void 0;
}
function withPoint(text) {
	const pointed = text.replace(/^(\d+),(\d+)$/, "$1.$2");
	return /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(pointed) ? pointed.replaceAll(",", "") : pointed;
}
function startMsOf({ timestamp }) {
	return timestamp?.match(/Z|[+-]\d\d:\d\d/i) ? require_tests.instantOf(timestamp) : void 0;
}
// src/results/xml.ts
const MAX_DEPTH = 100;
const MAX_HELD_LENGTH = 1048576;
const TOLERATED = ["disallowed character.", "malformed character entity."];
const TOLERATED_AFTER_ROOT = /^(?:documents may contain only one root|an XML declaration must|expected one of)/;
const OUTSIDE_ROOT = "text data outside of root node";
var XmlReader = class XmlReader {
	#parser;
	#closers = [];
	doctype = "";
	#hasRoot = false;
	#hasBadReference = false;
	constructor(parser) {
		this.#parser = parser;
	}
	static async load() {
		const { SaxesParser } = await Promise.resolve().then(() => require_step.__toESM((__nccwpck_require__(709)["default"]), 1));
		return new XmlReader(new SaxesParser({
			xmlns: false,
			position: false
		}));
	}
	get depth() {
		return this.#closers.length;
	}
	async read(pieces, handler) {
		const parser = this.#parser;
		parser.on("error", ({ message }) => this.#malformed(message));
		parser.on("doctype", (doctype) => {
			this.doctype = doctype;
		});
		parser.on("opentag", ({ name, attributes }) => {
			if (this.depth === MAX_DEPTH) this.fail("is nested too deeply", `more than ${MAX_DEPTH} nested elements`);
			if (this.#hasBadReference) for (const value of Object.values(attributes)) this.#checkReferences(value);
			this.#hasRoot = true;
			this.#closers.push(handler.open(name.slice(name.indexOf(":") + 1), attributes));
		});
		const addText = (text) => {
			if (this.depth === 0 && text.trim() !== "") this.fail("is not well-formed XML", OUTSIDE_ROOT);
			if (this.#hasBadReference) this.#checkReferences(text);
			handler.addText(text);
		};
		parser.on("text", addText);
		parser.on("cdata", addText);
		parser.on("closetag", () => this.#closers.pop()?.());
		for await (const piece of pieces) {
			parser.write(piece.replaceAll("\0", ""));
			this.#shortenText();
		}
		parser.close();
	}
	fail(problem, reason) {
		throw new require_tests.FormError(this.messageOf(problem, reason));
	}
	messageOf(problem, reason) {
		const { line, column } = this.#parser;
		return `${problem}: line ${line}, column ${column || 1}: ${require_tests.cut(reason, 200)}`;
	}
	#shortenText() {
		const field = "text";
		if (this.#parser[field].length <= MAX_HELD_LENGTH) return;
		this.#parser[field] = this.#parser[field].slice(0, MAX_HELD_LENGTH / 2);
	}
	#malformed(message) {
		if (message.includes("entity")) this.#hasBadReference = true;
		if (TOLERATED.includes(message) || message.startsWith(OUTSIDE_ROOT)) return;
		if (this.#hasRoot && TOLERATED_AFTER_ROOT.test(message)) return;
		this.fail("is not well-formed XML", message.replace(/\.$/, ""));
	}
	#checkReferences(text) {
		if (hasSwallowed(text)) this.fail("is not well-formed XML", "malformed character entity");
	}
};
function hasSwallowed(text) {
	return /&#(?!x?[\da-f]+;)/i.test(text.slice(0, text.lastIndexOf(";") + 1));
}
// src/results/junit.ts
const MAX_KEPT_LENGTH = 65537;
const MAX_KEPT = 100;
const NO_REASONS = new Map();
var OpenSuite = class {
	attributes;
	depth;
	cases;
	shown = {
		failed: 0,
		more: 0,
		fewer: 0
	};
	innerMs;
	innerFailed = 0;
	uncounted;
	output = "";
	lines = [];
	constructor(attributes, depth, isUnique) {
		this.attributes = attributes;
		this.depth = depth;
		this.cases = isUnique ? new CaseTable() : void 0;
	}
};
async function readJunit(pieces, path, onCase) {
	const xml = await XmlReader.load();
	const reader = new JunitReader(xml, path, onCase);
	await xml.read(pieces, reader);
	return reader.summary();
}
var JunitReader = class {
	#xml;
	#path;
	#onCase;
	#root = {};
	#suite = new OpenSuite({}, 0, false);
	#case;
	#text;
	#other;
	#caseMs;
	#unknownStatuses = new Set();
	#unended = 0;
	constructor(xml, path, onCase) {
		this.#xml = xml;
		this.#path = path;
		this.#onCase = onCase;
	}
	open(name, attributes) {
		if (this.#xml.depth === 0) this.#openRoot(name, attributes);
		if (this.#other !== void 0) return this.#openInOther(this.#other, name);
		if (this.#case !== void 0) return this.#openInCase(this.#case, name, attributes);
		if (name === "testsuites" || name === "testsuite") return this.#openSuite(attributes);
		if (name === "testcase") return this.#openCase(attributes);
		return this.#openInSuite(this.#suite, name, attributes);
	}
	addText(text) {
		const opened = this.#text;
		if (opened === void 0) return;
		opened.body += text.slice(0, MAX_KEPT_LENGTH - opened.body.length);
		const { lines } = opened;
		if (lines === void 0) return;
		for (const line of text.split(/\r?\n/)) if (lines.length < MAX_KEPT && isOutside(line)) lines.push(line);
	}
	summary() {
		if (this.#other !== void 0) throw NoResultsError.for(this.#other);
		const { shown, innerMs, innerFailed } = this.#suite;
		return {
			durationMs: this.#caseMs ?? innerMs,
			declared: { failed: innerFailed },
			more: shown.more,
			fewer: shown.fewer,
			unknownStatuses: [...this.#unknownStatuses],
			unended: this.#unended,
			isEmptyOnPurpose: isEmptyOnPurpose(this.#root.name ?? "")
		};
	}
	#openRoot(name, attributes) {
		this.#root = attributes;
		const other = otherXml(name, attributes, this.#xml.doctype);
		if (other?.unless !== void 0) {
			const { attribute, value } = other.unless;
			if (attributes[attribute] === value) throw new require_tests.FormError(`says ${attribute}="${value}"`);
			this.#other = other;
		} else if (other !== void 0) throw NoResultsError.for(other);
		else if (name !== "testsuites" && name !== "testsuite") {
			const reason = `expected the element testsuites or testsuite, found ${require_tests.cut(name, 40)}`;
			throw new NoResultsError(this.#xml.messageOf("is not JUnit", reason));
		} else if (listingOption(attributes) !== void 0) throw new NoResultsError("only lists tests, so nothing ran", `Run them, without ${listingOption(attributes)}`);
	}
	#openInOther({ unless }, name) {
		if (name !== unless?.element) return void 0;
		return this.#openText({}, ({ body }) => {
			const line = body.trim().replace(/\n.*/s, "");
			if (line !== "") throw new require_tests.FormError(`has a ${name}: ${require_tests.cut(line, 200)}`);
		});
	}
	#openInSuite(suite, name, attributes) {
		if (name === "property") suite.uncounted ??= uncountedTotal(suite.attributes, attributes.name);
		if (this.#xml.depth !== suite.depth) return void 0;
		if (name === "error" || name === "failure") return this.#openText(attributes, (why) => {
			if (suite.shown.failed > 0 && followsFromCase(why.message)) suite.shown.more++;
			else this.#reportSuite(suite, why);
		});
		if (name !== "system-err") return void 0;
		return this.#openText({}, ({ body }) => {
			suite.output = body.trim();
		}, suite.lines);
	}
	#openSuite(attributes) {
		const around = this.#suite;
		const isUnique = hasUniqueNames(attributes.name, this.#root.name);
		const suite = new OpenSuite(attributes, this.#xml.depth + 1, isUnique);
		this.#suite = suite;
		return () => {
			const declared = declaredBy(attributes, suite.uncounted);
			this.#closeSuite(suite, declared);
			const { failed = suite.depth === 1 ? suite.innerFailed : NaN } = declared;
			around.innerFailed += failed;
			around.innerMs = sumOf([around.innerMs, millisecondsOf(attributes.time) ?? suite.innerMs]);
			for (const key of [
				"failed",
				"more",
				"fewer"
			]) around.shown[key] += suite.shown[key];
			this.#suite = around;
		};
	}
	#closeSuite(suite, declared) {
		const { attributes, shown, lines, output } = suite;
		const outside = lines.filter((line) => shown.failed === 0 || !followsFromCase(line));
		if (outside.length > 0) this.#reportSuite(suite, {
			message: outside.join("\n"),
			body: output
		});
		const failure = hiddenFailure(declared, shown);
		if (failure === void 0) return;
		shown.failed++;
		shown.fewer++;
		shown.more += Math.max(0, (declared.failed ?? 0) - 1);
		this.#onCase(hiddenCase("suite", failure, attributes.name || this.#path, attributes.file, output));
	}
	#reportSuite({ attributes: { name, file }, shown }, why) {
		shown.failed++;
		shown.fewer++;
		this.#onCase({
			status: "errored",
			details: () => ({
				name: name || this.#path,
				why,
				file
			})
		});
	}
	#openCase(attributes) {
		const opened = {
			attributes,
			depth: this.#xml.depth + 1,
			reasons: NO_REASONS,
			failures: 0,
			mayFail: void 0
		};
		this.#case = opened;
		this.#caseMs = sumOf([this.#caseMs, millisecondsOf(attributes.time)]);
		return () => {
			this.#case = void 0;
			this.#closeCase(opened, this.#suite);
		};
	}
	#openInCase(opened, name, attributes) {
		if (/^test(?:case|suites?)$/.test(name)) this.#xml.fail("is not JUnit", `a ${name} within a testcase`);
		if (this.#xml.depth !== opened.depth) return void 0;
		if (isRerun(name)) this.#suite.shown.more++;
		const status = caseStatusOf(name);
		if (status === void 0) return void 0;
		return this.#openText(attributes, (why) => {
			if (require_tests.isFailing(status)) opened.failures++;
			const habit = habitOf(name, why, opened.attributes);
			opened.mayFail ??= habit?.mayFail;
			const meaning = habit?.means ?? status;
			if (!opened.reasons.has(meaning)) opened.reasons = new Map(opened.reasons).set(meaning, why);
		});
	}
	#closeCase({ attributes, reasons, failures, mayFail }, suite) {
		if (suite.cases !== void 0 && !attributes.name && !attributes.classname && reasons.size === 0) {
			this.#unended++;
			return;
		}
		const inAttributes = this.#statusIn(attributes, reasons.size === 0);
		const ending = mayFail ? "skipped" : [...reasons.keys()].reduce(worseOf, inAttributes);
		const why = reasons.get(ending);
		const marks = mayFail === "uncounted" ? 0 : failures || (require_tests.isFailing(inAttributes) ? 1 : 0);
		const key = suite.cases && keyOf(attributes);
		const before = key === void 0 ? void 0 : suite.cases?.add(key, ending);
		const status = worseOf(before ?? ending, ending);
		count(suite, require_tests.isFailing(status) && !require_tests.isFailing(before), marks, failures === 0);
		if (status === before) return;
		const around = suite.attributes;
		this.#onCase({
			status,
			key,
			before,
			details: () => ({
				suites: [attributes.classname || around.name || ""],
				name: attributes.name ?? "",
				why: why ?? reasonIn(attributes),
				file: attributes.file ?? around.file,
				durationMs: millisecondsOf(attributes.time),
				startMs: startMsOf(attributes)
			})
		});
	}
	#statusIn({ status, result }, isAlone) {
		let worst = "passed";
		for (const word of [status, result]) {
			if (!word?.trim()) continue;
			const meant = caseStatusOf(word);
			if (meant !== void 0) worst = worseOf(worst, meant);
			else if (isAlone && this.#unknownStatuses.size < 10) this.#unknownStatuses.add(require_tests.cut(word, 40));
		}
		return worst;
	}
	#openText({ message = "", type = "" }, onClose, lines) {
		const opened = {
			message,
			type,
			body: "",
			lines
		};
		this.#text = opened;
		return () => {
			this.#text = void 0;
			onClose(opened);
		};
	}
};
function count(suite, isNewFailure, marks, isUnmarked) {
	const { shown } = suite;
	shown.more += Math.max(0, marks - Number(isNewFailure));
	if (!isNewFailure) return;
	shown.failed++;
	suite.innerFailed++;
	if (isUnmarked) shown.fewer++;
}
// src/results/promptfoo.ts
const ERRORED = 2;
const promptfoo = {
	name: "promptfoo",
	recognises: (document) => Array.isArray(objectIn(objectIn(document).results).results),
	read(value, onCase) {
		const document = objectAt("results", objectAt("the document", value).results);
		const results = arrayAt("results.results", document.results).map((result, i) => objectAt(`results.results[${i}]`, result));
		const labels = new Labels();
		for (const result of results) labels.add(result);
		results.forEach((result, i) => {
			onCase(caseIn(result, `results.results[${i}].success`, labels));
		});
		const stats = objectIn(document.stats);
		const [failures, errors] = [totalOf(stats.failures), totalOf(stats.errors)];
		const totals = `failures: ${failures ?? 0}, errors: ${errors ?? 0}`;
		return {
			durationMs: sumOf(results.map(({ latencyMs }) => numberIn(latencyMs))),
			declared: {
				failed: sumOf([failures, errors]),
				totals
			}
		};
	}
};
function isResult(value) {
	const { success, promptIdx, vars } = objectIn(value);
	return typeof success === "boolean" && typeof promptIdx === "number" && require_tests.isJsonObject(vars);
}
async function readResultLines(open, onCase) {
	const labels = new Labels();
	let durationMs;
	for await (const lines of open()) for (const { number, value } of lines) {
		const result = objectAt(`line ${number}`, value);
		labels.add(result);
		durationMs = sumOf([durationMs, numberIn(result.latencyMs)]);
	}
	for await (const lines of open()) for (const { number, value } of lines) onCase(caseIn(objectIn(value), `line ${number}: success`, labels));
	return {
		durationMs,
		declared: {}
	};
}
function caseIn(result, place, labels) {
	return {
		status: booleanAt(place, result.success) && !result.failureReason ? "passed" : failedOrErrored(result),
		details: () => ({
			name: titleOf(result) + labels.of(result),
			why: { message: textIn(result.error) || textIn(objectIn(result.gradingResult).reason) },
			...require_tests.isJsonObject(result.vars) && { input: JSON.stringify(result.vars) },
			...outputIn(objectIn(result.response)),
			score: numberIn(result.score),
			durationMs: numberIn(result.latencyMs)
		}),
		measured: measuredIn(result)
	};
}
function failedOrErrored({ failureReason, error, gradingResult }) {
	return (failureReason === void 0 ? error && !gradingResult : failureReason === ERRORED) ? "errored" : "failed";
}
var Labels = class {
	#providers = new Set();
	#prompts = new Map();
	#inOrder;
	add(result) {
		this.#providers.add(providerOf(result));
		const prompt = promptOf(result);
		const place = numberIn(result.promptIdx) ?? 0;
		this.#prompts.set(prompt, Math.min(place, this.#prompts.get(prompt) ?? place));
	}
	of(result) {
		this.#inOrder ??= [...this.#prompts].sort(([, a], [, b]) => a - b).map(([prompt]) => prompt);
		const labels = require_tests.present([this.#providers.size > 1 && providerOf(result), this.#inOrder.length > 1 && `prompt ${this.#inOrder.indexOf(promptOf(result)) + 1}`]);
		return labels.length > 0 ? ` [${labels.join(", ")}]` : "";
	}
};
function titleOf(result) {
	const title = textIn(objectIn(result.testCase).description) || textIn(result.description);
	if (title) return title;
	const vars = Object.entries(objectIn(result.vars));
	return require_tests.cut(vars.map(([name, value]) => `${name}=${require_tests.textOf(value)}`).join(", "), 100);
}
function providerOf({ provider }) {
	return require_tests.isJsonObject(provider) ? textIn(provider.label) || textIn(provider.id) : textIn(provider);
}
function promptOf({ prompt }) {
	return textIn(objectIn(prompt).label) || textIn(objectIn(prompt).raw);
}
function measuredIn({ score, namedScores, cost, tokenUsage, response }) {
	const named = Object.entries(objectIn(namedScores));
	const tokens = objectIn(tokenUsage ?? objectIn(response).tokenUsage);
	return {
		score: numberIn(score),
		namedScores: Object.fromEntries(named.map(([name, value]) => [name, numberIn(value)])),
		cost: numberIn(cost),
		inputTokens: numberIn(tokens.prompt),
		outputTokens: numberIn(tokens.completion)
	};
}
// src/results/tally.ts
const MAX_FAILURES = 100;
const SUMS = {
	cost: "test.cost",
	input_tokens: "gen_ai.usage.input_tokens",
	output_tokens: "gen_ai.usage.output_tokens"
};
const SUM_NAMES = Object.keys(SUMS);
const OWN_DIMENSIONS = [
	"pass_rate",
	"score",
	...SUM_NAMES
];
var Tally = class {
	counts = {
		passed: 0,
		failed: 0,
		errored: 0,
		skipped: 0
	};
	#keep;
	#failures = [];
	#failing = [];
	#others = [];
	#casesWanted = 0;
	#scores = new require_step.Mean();
	#namedScores = new require_step.NamedMeans();
	#sums = {
		cost: 0,
		input_tokens: 0,
		output_tokens: 0
	};
	constructor(keep) {
		this.#keep = keep;
	}
	add(found) {
		const { status, count = 1, key, before, details, measured } = found;
		this.counts[status] += count;
		if (before !== void 0) this.counts[before]--;
		if (require_tests.isFailing(before)) {
			const kept = this.#failing.find((failing) => failing.key === key);
			if (kept !== void 0) kept.testCase = {
				...kept.testCase,
				status
			};
			return;
		}
		if (require_tests.isFailing(status) && this.#failures.length < MAX_FAILURES) this.#failures.push(structuredClone(failureOf(details())));
		this.#keepCase(found);
		if (measured !== void 0) this.#measure(measured);
	}
	merge(file) {
		for (const status of require_tests.CASE_STATUSES) this.counts[status] += file.counts[status];
		fill(this.#failures, file.#failures, MAX_FAILURES);
		fill(this.#failing, file.#failing, this.#keep.max);
		fill(this.#others, file.#others, this.#keep.max);
		this.#casesWanted += file.#casesWanted;
		this.#scores.merge(file.#scores);
		this.#namedScores.merge(file.#namedScores);
		for (const name of SUM_NAMES) this.#sums[name] += file.#sums[name];
	}
	get ran() {
		return this.counts.passed + require_tests.failingCount(this.counts);
	}
	result() {
		const measured = [];
		for (const [name, mean] of this.#namedScores.entries()) measured.push([
			`test.scores.${name}`,
			OWN_DIMENSIONS.includes(name) ? `scores.${name}` : name,
			mean
		]);
		if (this.#scores.count > 0) measured.push([
			"test.score.mean",
			"score",
			this.#scores.value
		]);
		for (const name of SUM_NAMES) if (this.#sums[name] !== 0) measured.push([
			SUMS[name],
			name,
			require_step.tidy(this.#sums[name])
		]);
		return {
			...this.counts,
			failures: this.#failures,
			meta: Object.fromEntries(measured.map(([key, , value]) => [key, value])),
			metrics: {
				pass_rate: this.counts.passed / this.ran,
				...Object.fromEntries(measured.map(([, dimension, value]) => [dimension, value]))
			},
			cases: [...this.#failing, ...this.#others].slice(0, this.#keep.max).map(({ testCase }) => testCase),
			casesWanted: this.#casesWanted
		};
	}
	#keepCase({ status, key, before, details }) {
		const { kind, max } = this.#keep;
		const kept = require_tests.isFailing(status) ? this.#failing : this.#others;
		if (kind === "none" || kind === "failed" && kept === this.#others) return;
		if (before === void 0 || kind === "failed") this.#casesWanted++;
		const place = before === void 0 ? -1 : this.#others.findIndex((other) => other.key === key);
		if (place >= 0) this.#others.splice(place, 1);
		if (kept.length < max) kept.push({
			key,
			testCase: structuredClone(testCaseOf(status, details()))
		});
	}
	#measure({ score, namedScores, cost, inputTokens, outputTokens }) {
		this.#scores.add(score);
		for (const [name, value] of Object.entries(namedScores)) this.#namedScores.add(name, value);
		this.#sums.cost += cost ?? 0;
		this.#sums.input_tokens += inputTokens ?? 0;
		this.#sums.output_tokens += outputTokens ?? 0;
	}
};
function fill(list, items, max) {
	list.push(...items.slice(0, max - list.length));
}
// src/results/read-tests.ts
const JSON_FORMATS = [
	ctrf,
	promptfoo,
	jest
];
const KNOWN = ["junit", ...JSON_FORMATS.map(({ name }) => name)].join(", ");
const MAX_WARNINGS = 10;
async function readTests(request, paths, files, now) {
	const tally = new Tally(request.keepCases);
	const read = [];
	const problems = [];
	const leftOut = [];
	for (const path of paths) try {
		const file = await readFile(request, path, files);
		const stale = staleProblem(path, request, files, now);
		if (stale) throw stale;
		tally.merge(file.tally);
		read.push(file);
	} catch (error) {
		if (error instanceof NoResultsError && error.isHarmless) leftOut.push({
			path,
			error
		});
		else problems.push(badFile(path, staleProblem(path, request, files, now) ?? error, paths));
	}
	if (tally.ran === 0) {
		const skipped = read.map(({ path }) => path);
		const message = `${require_tests.listed(skipped)}: every case was skipped, so nothing ran`;
		if (skipped.length > 0) problems.push({
			name: "results_file",
			message
		});
		else problems.push(...leftOut.map(({ path, error }) => badFile(path, error, paths)));
		return { problems };
	}
	const warnings = [...leftOut.map(({ path, error }) => `${path} ${error.reason}, and is left out`), ...read.flatMap((file) => file.warnings)];
	return {
		tests: testRunOf(read, tally),
		problems,
		warnings: limited(warnings)
	};
}
function testRunOf(read, tally) {
	const durationMs = sumOf(read.map((file) => file.durationMs));
	return {
		format: [...new Set(read.map(({ format }) => format))].join(", "),
		files: read.map(({ path }) => path),
		...tally.result(),
		durationMs: durationMs === void 0 ? void 0 : Math.round(durationMs)
	};
}
function badFile(path, error, paths) {
	const problem = require_tests.problemOf("results_file", path, error);
	if (!(error instanceof NoResultsError) || paths.length < 2) return problem;
	return {
		...problem,
		message: `${problem.message}. To leave it out, add the line !${path}`
	};
}
async function readFile(request, path, files) {
	const tally = new Tally(request.keepCases);
	const { format, summary } = await readCases(request.format, path, files, (found) => tally.add(found));
	const { declared, durationMs, more = 0, fewer = 0 } = summary;
	const shown = {
		failed: require_tests.failingCount(tally.counts),
		more,
		fewer
	};
	const failure = hiddenFailure(declared, shown);
	if (failure !== void 0) tally.add(hiddenCase("file", failure, path, path));
	if (tally.ran + tally.counts.skipped === 0) throw new NoResultsError("has no test case, so nothing ran", "Check which tests the command selects, and that all of them load", summary.isEmptyOnPurpose || request.outcome === "success");
	return {
		path,
		format,
		tally,
		durationMs,
		warnings: failure === void 0 ? warningsAbout(path, summary, shown) : []
	};
}
async function readCases(format, path, files, onCase) {
	await using file = await require_step.openText(files, path);
	const { beginning, pieces } = file;
	if (beginning.startsWith("<") && (format === "junit" || format === "auto")) return {
		format: "junit",
		summary: await readJunit(pieces, path, onCase)
	};
	const other = otherText(beginning);
	if (other !== void 0) throw other;
	if (format === "junit") throw new NoResultsError(`is not XML: it begins with ${require_tests.quoted(beginning)}`, "Name the JUnit file, or set results_format to auto");
	if (format === "auto" && !/^[{[]/.test(beginning)) {
		const expected = `expected XML or JSON (${KNOWN})`;
		throw new NoResultsError(`has an unknown format: it begins with ${require_tests.quoted(beginning)}, ${expected}`);
	}
	const json = await readJson(pieces, (first, hasMore) => {
		return format === "promptfoo" && first !== void 0 && hasMore || (format === "auto" || format === "promptfoo") && isResult(first);
	});
	if ("lines" in json) return {
		format: promptfoo.name,
		summary: await readResultLines(() => readLines(files, path), onCase)
	};
	const reader = jsonFormatOf(json.document, format);
	return {
		format: reader.name,
		summary: reader.read(json.document, onCase)
	};
}
function jsonFormatOf(document, format) {
	const found = JSON_FORMATS.find(({ name, recognises }) => name === format || format === "auto" && recognises(document));
	if (found !== void 0) return found;
	throw new NoResultsError(`is JSON, but in none of the known formats (${KNOWN})`, "For your own file set results_format to json or fields");
}
function warningsAbout(path, { declared, unknownStatuses = [], unended = 0 }, shown) {
	const totals = `${path} says ${declared.failed} failed; its cases add up to ${shown.failed} failed, which is what counts`;
	const statuses = `${path} has cases with an unknown status, counted as passed: ${unknownStatuses.join(", ")}`;
	const ends = `${path} has ${require_tests.counted(unended, "test")} that did not end, not counted: the run or a worker stopped early`;
	return require_tests.present([
		isContradicted(declared, shown) && totals,
		unknownStatuses.length > 0 && statuses,
		unended > 0 && ends
	]);
}
function limited(warnings) {
	const more = warnings.length - MAX_WARNINGS;
	return require_tests.present([...warnings.slice(0, MAX_WARNINGS), more > 0 && `${require_tests.counted(more, "more warning")} of this kind`]);
}
// src/results/read-results.ts
async function readResults(request, files, now) {
	const { format, pointer, metricsPointers = [], isAtEnd = false } = request;
	const { paths, problems } = await findAll(request.patterns, files, isAtEnd);
	if (format !== "json" && format !== "fields") {
		const results = await readTests(request, paths, files, now);
		return {
			...results,
			problems: [...problems, ...results.problems]
		};
	}
	for (const path of paths) {
		const stale = staleProblem(path, request, files, now);
		if (stale) problems.push(require_tests.problemOf("results_file", path, stale));
	}
	if (problems.length > 0) throw new require_tests.InputError(problems);
	const [path, ...others] = paths;
	if (format === "json") return {
		...await readPointers(pointer, metricsPointers, [path, ...others], files),
		files: paths
	};
	if (others.length > 0) {
		const why = `but results_format fields reads one. Name one of ${require_tests.listed(paths)}`;
		throw require_tests.InputError.of("results_file", `matches ${paths.length} files, ${why}`);
	}
	try {
		return {
			...fieldsIn(require_tests.parseExactJson(await require_step.readText(files, path)), path, now),
			files: paths
		};
	} catch (error) {
		throw new require_tests.InputError([require_tests.problemOf("results_file", path, error)]);
	}
}
async function findAll(lines, files, isAtEnd) {
	const paths = new Set();
	const problems = [];
	for (const [at, pattern] of lines.entries()) {
		if (/^[!#]/.test(pattern)) continue;
		try {
			const excludes = lines.slice(at + 1).filter((line) => line.startsWith("!"));
			const found = await files.find(pattern, excludes);
			if (found.length === 0) throw new require_tests.FormError(noFileFor(pattern, excludes, isAtEnd));
			for (const path of found) paths.add(path);
		} catch (error) {
			problems.push(require_tests.problemOf("results_file", require_tests.quoted(pattern), error));
		}
	}
	if (problems.length === 0 && paths.size === 0) problems.push({
		name: "results_file",
		message: "has only comments and lines with !, which exclude"
	});
	return {
		paths: [...paths],
		problems
	};
}
function noFileFor(pattern, excludes, isAtEnd) {
	const hints = [/\{.*(,|\.\.).*\}/.test(pattern) && "Braces are matched literally. Write one line for each path", excludes.length > 0 && "A file that a later line with ! excludes does not count"];
	const order = isAtEnd ? "The end of the job comes after all steps and the post steps of later ones, so check that none of them cleans the workspace" : "";
	return require_tests.present([
		"matches no file",
		order,
		`${order ? "Also check" : "Check"} that the step that writes it ran, and that the path is relative to the workspace`,
		...hints
	]).join(". ");
}
exports.readResults = readResults;

})();

module.exports = __webpack_exports__;
/******/ })()
;