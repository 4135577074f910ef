/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

/***/ 709:
/***/ ((module) => {

"use strict";
module.exports = require("./saxes.js");

/***/ }),

/***/ 503:
/***/ ((module) => {

"use strict";
module.exports = require("./step.js");

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
const require_step = __nccwpck_require__(503);
let node_util = __nccwpck_require__(975);
// src/results/own-file.ts
function scoreAtPointer(document, pointer, path) {
	const value = valueAt(pointer, document, path);
	if (typeof value !== "number") throw problem("score_pointer", `${require_step.quoted(pointer)} points to ${require_step.kindOf(value)} in ${path}, expected a number`);
	if (!Number.isFinite(value)) throw problem("score_pointer", `${require_step.quoted(pointer)} points to a number in ${path} that is too large`);
	return {
		score: {
			name: `score in ${path}`,
			value
		},
		problems: []
	};
}
function fieldsIn(document, path, now) {
	if (!require_step.isJsonObject(document)) throw problem("results_file", `${path} is ${require_step.kindOf(document)}, but results_format fields expects an object such as {"score": 87}`);
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
function valueAt(pointer, document, path) {
	let value = document;
	let place = "";
	for (const token of pointer.split("/").slice(1)) {
		const next = childOf(value, token.replaceAll("~1", "/").replaceAll("~0", "~"));
		if (next === void 0) throw problem("score_pointer", `${require_step.quoted(pointer)} finds nothing in ${path}: ${place || "the document"} is ${insideOf(value)}`);
		place += `/${token}`;
		value = next;
	}
	return value;
}
function childOf(value, key) {
	if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(key) ? value[Number(key)] : void 0;
	return require_step.isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : void 0;
}
function insideOf(value) {
	if (Array.isArray(value)) return `an array of ${require_step.counted(value.length, "item")}`;
	if (!require_step.isJsonObject(value)) return require_step.kindOf(value);
	const keys = Object.keys(value);
	return keys.length === 0 ? "an empty object" : `an object with the keys ${require_step.listed(keys)}`;
}
function problem(name, message) {
	return new require_step.InputError([{
		name,
		message
	}]);
}
// src/results/shape.ts
function objectAt(place, value) {
	return require_step.isJsonObject(value) ? value : mismatch(place, "an object", value);
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
	return require_step.isJsonObject(value) ? value : {};
}
function textIn(value) {
	return typeof value === "string" ? value : "";
}
function numberIn(value) {
	return Number.isFinite(value) ? value : void 0;
}
function sumOf(values) {
	let sum;
	for (const value of values) if (value !== void 0) sum = (sum ?? 0) + value;
	return sum;
}
function mismatch(place, expected, value) {
	const found = value === void 0 ? "nothing" : typeof value === "string" ? JSON.stringify(require_step.cut(value, 40)) : require_step.kindOf(value);
	throw new require_step.FormError(`does not have the expected form: ${place}: expected ${expected}, found ${found}`);
}
// src/results/status.ts
const WORDS = {
	passed: "passed pass ok success successful succeeded run ran completed complete executed done fixed true",
	skipped: "skipped skip disabled ignored ignore notrun notexecuted pending todo suppressed untested deselected filtered excluded incomplete",
	errored: "error errored timeout timedout broken abort aborted crash crashed interrupted cancelled canceled killed terminated undefined ambiguous inconclusive unknown blocked warning risky exception hang hung stopped invalid unstable",
	failed: "failed fail failure notok ko unsuccessful false"
};
const STATUSES$2 = new Map(Object.keys(WORDS).flatMap((status) => WORDS[status].split(" ").map((word) => [word, status])));
function caseStatusOf(word) {
	return STATUSES$2.get(word.toLowerCase().replaceAll(/[\s_-]/g, ""));
}
function isFailing(status) {
	return status === "failed" || status === "errored";
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
	recognises: (document) => require_step.isJsonObject(document) && Array.isArray(objectIn(document.results).tests),
	read(document, onCase) {
		const results = objectAt("results", objectAt("the document", document).results);
		const durations = arrayAt("results.tests", results.tests).map((value, index) => {
			const test = objectAt(`results.tests[${index}]`, value);
			const duration = numberIn(test.duration);
			onCase({
				status: test.status === "other" && caseStatusOf(textIn(test.rawStatus)) === "skipped" ? "skipped" : oneAt(`results.tests[${index}].status`, test.status, STATUSES$1),
				details: () => ({
					suites: Array.isArray(test.suite) ? test.suite.map(textIn) : [textIn(test.suite)],
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
		const failed = numberIn(summary.failed);
		return {
			durationMs: sumOf(durations),
			totals: {
				tests: numberIn(summary.tests),
				failed
			},
			failure: failed ? `failed: ${failed}` : void 0
		};
	}
};
// src/results/declared.ts
function undeclaredCase({ kind, name, path, failure, output = "" }) {
	const why = {
		message: `${`the ${kind} says ${failure}, but none of its cases failed`}${output && `: ${require_step.cut(output.replaceAll(/\s+/g, " "), 200)}`}`,
		body: output
	};
	return {
		status: "errored",
		isExtra: true,
		details: () => ({
			name,
			why,
			file: path
		})
	};
}
// src/results/jest.ts
const STATUSES = {
	passed: "passed",
	failed: "failed",
	pending: "skipped",
	skipped: "skipped",
	todo: "skipped",
	disabled: "skipped"
};
const jest = {
	name: "jest",
	recognises: (document) => require_step.isJsonObject(document) && Array.isArray(document.testResults),
	read(value, onCase) {
		const document = objectAt("the document", value);
		const files = arrayAt("testResults", document.testResults).map((file, i) => objectAt(`testResults[${i}]`, file));
		const folder = commonFolderOf(files.map(({ name }) => textIn(name)));
		const durations = files.map((file, i) => readFile$1(file, `testResults[${i}]`, folder, onCase));
		const failed = numberIn(document.numFailedTests);
		return {
			durationMs: sumOf(durations),
			totals: {
				tests: numberIn(document.numTotalTests),
				failed
			},
			failure: document.success === false ? "success: false" : failed ? `numFailedTests: ${failed}` : void 0
		};
	}
};
function readFile$1(file, place, folder, onCase) {
	const path = textIn(file.name);
	const statuses = new Set();
	const durations = arrayAt(`${place}.assertionResults`, file.assertionResults).map((value, i) => {
		const test = objectAt(`${place}.assertionResults[${i}]`, value);
		const status = oneAt(`${place}.assertionResults[${i}].status`, test.status, STATUSES);
		statuses.add(status);
		onCase({
			status,
			details: () => ({
				...detailsOf(test),
				file: path
			})
		});
		return numberIn(test.duration);
	});
	if (file.status === "failed" && !statuses.has("failed")) onCase({
		status: "errored",
		isExtra: true,
		details: () => ({
			name: path.slice(folder.length),
			why: { message: textIn(file.message) },
			file: path,
			startMs: numberIn(file.startTime),
			endMs: numberIn(file.endTime)
		})
	});
	return sumOf(durations);
}
function detailsOf(test) {
	const { ancestorTitles, title, fullName, failureMessages } = test;
	return {
		...typeof title === "string" ? {
			suites: Array.isArray(ancestorTitles) ? ancestorTitles.map(textIn) : [],
			name: title
		} : { name: textIn(fullName) },
		why: { message: firstText(failureMessages) },
		durationMs: numberIn(test.duration),
		startMs: numberIn(test.startAt)
	};
}
function firstText(messages) {
	return Array.isArray(messages) ? textIn(messages.find((message) => textIn(message) !== "")) : "";
}
function commonFolderOf(paths) {
	const [first = [], ...others] = paths.map((path) => path.split(/(?<=[\\/])/).slice(0, -1));
	const fork = first.findIndex((part, i) => others.some((other) => other[i] !== part));
	return (fork === -1 ? first : first.slice(0, fork)).join("");
}
// src/results/facts.ts
const RERUNS = [{
	tool: "Maven Surefire 3.5: flakyFailure, flakyError, rerunFailure, rerunError",
	pattern: /flaky|rerun/
}];
const EMPTY_MESSAGES = [
	{
		tool: "gotestsum 1.13",
		pattern: /^failed$/i
	},
	{
		tool: "many",
		pattern: /^failure$/i
	},
	{
		tool: "nose2 0.16",
		pattern: /^test failure$/i
	},
	{
		tool: "behave 1.3",
		pattern: /^none$/i
	}
];
const FRAMES = [{
	tool: "go test 1.26, in the body of gotestsum",
	pattern: /^(?:===|---) /
}];
const isRerun = anyOf(RERUNS);
const isEmptyMessage = anyOf(EMPTY_MESSAGES);
const isFrame = anyOf(FRAMES);
function anyOf(habits) {
	return (text) => habits.some(({ pattern }) => pattern.test(text));
}
// src/results/cases.ts
const MAX_TEXT_LENGTH = 65536;
const MAX_NAME_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 300;
const MAX_PATH_LENGTH = 1e3;
function failureOf(details) {
	return {
		name: nameOf(details),
		message: details.why ? require_step.cut(firstLineOf(details.why), MAX_MESSAGE_LENGTH) : ""
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
		...isFailing(status) && { error: why && wholeOf(why) || `${status}; the file does not say why` },
		...input !== void 0 && { input: require_step.cut(input, 65536) },
		...output !== void 0 && { output: require_step.cut(output, 65536) },
		...score !== void 0 && { score },
		...startTime !== void 0 && { startTime },
		...endTime !== void 0 && { endTime },
		...suite && { suite: require_step.cut(suite, MAX_NAME_LENGTH) },
		...file && { file: require_step.cut(file, MAX_PATH_LENGTH) },
		...durationMs !== void 0 && { durationMs: Math.round(durationMs) }
	};
}
function nameOf(details) {
	const { name } = details;
	const [outermost = "", ...inner] = suitesOf(details);
	const isRepeated = name.startsWith(outermost) && !/^\w/.test(name.slice(outermost.length));
	const whole = outermost === "" || isRepeated ? name : [
		outermost,
		...inner,
		name
	].join(" > ");
	return require_step.cut(linesOf(whole).join(" "), MAX_NAME_LENGTH) || "a case without a name";
}
function suitesOf({ suites = [] }) {
	return suites.filter((suite) => suite !== "");
}
function firstLineOf({ message, body = "", type = "" }) {
	const [top = "", ...rest] = linesOf(afterTraceback(message));
	const first = /^\S+:\d+$/.test(top) && rest.length > 0 ? `${top}: ${rest.join(" ")}` : top;
	const [line = ""] = linesOf(afterTraceback(body)).filter((text) => !isFrame(text));
	const isNamed = line.endsWith(first) && /^[\w.$]+: $/.test(line.slice(0, line.length - first.length));
	return (saysNothing(first) || isNamed ? line : first) || first || linesOf(type)[0] || "";
}
function wholeOf({ message, body = "", type = "" }) {
	const short = plain(message).trim();
	const rest = plain(body).trim();
	const whole = saysNothing(short) || rest.includes(short) ? rest : `${short}\n${rest}`.trim();
	return require_step.cut(whole || short || plain(type), MAX_TEXT_LENGTH);
}
function saysNothing(message) {
	return message === "" || isEmptyMessage(message);
}
function afterTraceback(text) {
	return text.replace(/^\s*Traceback \(most recent call last\):\r?\n(?:(?:[ \t].*)?\r?\n)*/, "");
}
function linesOf(text) {
	return plain(text).split(/[\n\r\u2028\u2029]/).map((line) => line.replace(/\p{Cc}+/gu, " ").trim()).filter((line) => line !== "");
}
function plain(text) {
	const escaped = require_step.cut(text, MAX_TEXT_LENGTH).replace(/(?:&(?:amp)?)?#(?:x1b|27);?(?=\[)/gi, "\x1B");
	return (0, node_util.stripVTControlCharacters)(escaped).toWellFormed();
}
const [FIRST_MS, LAST_MS] = [1e11, 0xe677d21fdbff];
function timeOf(ms) {
	return ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms).toISOString() : void 0;
}
// src/results/junit.ts
const MAX_DEPTH = 100;
const MAX_HELD_LENGTH = 1048576;
const MAX_KEPT_LENGTH = 65537;
const TOLERATED = ["disallowed character.", "malformed character entity."];
const ORDER = [
	"skipped",
	"errored",
	"failed"
];
async function readJunit(pieces, path, onCase) {
	const { SaxesParser } = await Promise.resolve().then(() => require_step.__toESM((__nccwpck_require__(709)["default"]), 1));
	const reader = new JunitReader(new SaxesParser({
		xmlns: false,
		position: false
	}), path, onCase);
	for await (const piece of pieces) reader.write(piece);
	return reader.close();
}
var JunitReader = class {
	#parser;
	#path;
	#onCase;
	#closers = [];
	#suite = {
		attributes: {},
		depth: 0,
		isTimed: false,
		hasFailure: false,
		output: ""
	};
	#case;
	#detail;
	#isInTag = false;
	#rootTotals = {};
	#innerTotals;
	#caseMs;
	#suiteMs;
	#unknownStatuses = new Set();
	constructor(parser, path, onCase) {
		this.#parser = parser;
		this.#path = path;
		this.#onCase = onCase;
		parser.on("error", ({ message }) => {
			if (!TOLERATED.includes(message)) this.#fail("is not well-formed XML", message.replace(/\.$/, ""));
		});
		parser.on("opentagstart", () => {
			this.#isInTag = true;
		});
		parser.on("opentag", (tag) => {
			this.#isInTag = false;
			this.#openElement(tag);
		});
		const addText = (text) => this.#addText(text);
		parser.on("text", addText);
		parser.on("cdata", addText);
		parser.on("closetag", () => this.#closers.pop()?.());
	}
	write(piece) {
		const nul = piece.indexOf("\0");
		this.#parser.write(nul < 0 ? piece : piece.slice(0, nul));
		if (nul >= 0) this.#fail("is not well-formed XML", "a NUL byte follows");
		this.#shortenText();
	}
	close() {
		this.#parser.close();
		return {
			durationMs: this.#caseMs ?? this.#suiteMs,
			totals: {
				...this.#innerTotals,
				...this.#rootTotals
			},
			unknownStatuses: [...this.#unknownStatuses]
		};
	}
	#openElement(tag) {
		if (this.#closers.length === MAX_DEPTH) this.#fail("is nested too deeply", `more than ${MAX_DEPTH} nested elements`);
		this.#closers.push(this.#open(localNameOf(tag), tag.attributes));
	}
	#open(name, attributes) {
		const isSuite = name === "testsuites" || name === "testsuite";
		if (this.#closers.length === 0 && !isSuite) this.#fail("is not JUnit", `expected the element testsuites or testsuite, found ${require_step.cut(name, 40)}`);
		if (this.#case !== void 0) return this.#openInCase(this.#case, name, attributes);
		if (isSuite) return this.#openSuite(attributes);
		if (name === "testcase") return this.#openCase(attributes);
		const suite = this.#suite;
		if (this.#closers.length !== suite.depth) return void 0;
		if (name === "error" || name === "failure") return this.#openDetail(attributes, (why) => this.#reportSuite(why));
		if (name !== "system-err") return void 0;
		return this.#openDetail(attributes, ({ body }) => {
			suite.output = body.trim();
		});
	}
	#openSuite(attributes) {
		const around = this.#suite;
		const depth = this.#closers.length + 1;
		const time = millisecondsOf(attributes.time);
		if (!around.isTimed) this.#suiteMs = sumOf([this.#suiteMs, time]);
		if (depth === 1) this.#rootTotals = totalsIn(attributes);
		if (depth === 2) this.#innerTotals = addTotals(this.#innerTotals, totalsIn(attributes));
		const suite = {
			attributes,
			depth,
			isTimed: around.isTimed || time !== void 0,
			hasFailure: false,
			output: ""
		};
		this.#suite = suite;
		return () => {
			this.#checkTotals(suite);
			around.hasFailure ||= suite.hasFailure;
			this.#suite = around;
		};
	}
	#openCase(attributes) {
		const endings = new Map();
		this.#case = {
			depth: this.#closers.length + 1,
			endings
		};
		this.#caseMs = sumOf([this.#caseMs, millisecondsOf(attributes.time)]);
		return () => {
			this.#case = void 0;
			this.#reportCase(attributes, endings);
		};
	}
	#openInCase({ depth, endings }, name, attributes) {
		if (name === "testcase") this.#fail("is not JUnit", "a testcase within a testcase");
		if (this.#closers.length !== depth) return void 0;
		if (isRerun(name)) this.#suite.hasFailure = true;
		const ending = caseStatusOf(name);
		if (ending === void 0 || endings.has(ending)) return void 0;
		return this.#openDetail(attributes, (why) => endings.set(ending, why));
	}
	#openDetail({ message = "", type = "" }, onClose) {
		const opened = {
			message,
			type,
			body: ""
		};
		this.#detail = opened;
		return () => {
			this.#detail = void 0;
			onClose(opened);
		};
	}
	#addText(text) {
		const detail = this.#detail;
		if (detail !== void 0) detail.body += text.slice(0, MAX_KEPT_LENGTH - detail.body.length);
	}
	#reportCase(attributes, endings) {
		const status = ORDER.find((ending) => endings.has(ending)) ?? this.#statusIn(attributes);
		const suite = this.#suite;
		if (isFailing(status) || [...endings.keys()].some(isFailing)) suite.hasFailure = true;
		const around = suite.attributes;
		this.#onCase({
			status,
			details: () => ({
				suites: [attributes.classname ?? around.name ?? ""],
				name: attributes.name ?? "",
				why: endings.get(status),
				file: attributes.file ?? around.file,
				durationMs: millisecondsOf(attributes.time),
				startMs: startOf(attributes)
			})
		});
	}
	#statusIn({ status = "", result = "" }) {
		const statuses = [status, result].filter((word) => word.trim() !== "").map((word) => {
			const meant = caseStatusOf(word);
			if (meant === void 0 && this.#unknownStatuses.size < 10) this.#unknownStatuses.add(require_step.cut(word, 40));
			return meant;
		});
		return ORDER.find((ending) => statuses.includes(ending)) ?? "passed";
	}
	#checkTotals({ attributes, hasFailure, output }) {
		const totals = ["failures", "errors"].filter((name) => countOf(attributes[name]));
		if (hasFailure || totals.length === 0) return;
		this.#suite.hasFailure = true;
		const failure = totals.map((name) => `${name}="${attributes[name]}"`).join(" ");
		const name = attributes.name || this.#path;
		this.#onCase(undeclaredCase({
			kind: "suite",
			name,
			path: attributes.file,
			failure,
			output
		}));
	}
	#reportSuite(why) {
		this.#suite.hasFailure = true;
		const { name, file } = this.#suite.attributes;
		this.#onCase({
			status: "errored",
			isExtra: true,
			details: () => ({
				name: name || this.#path,
				why,
				file
			})
		});
	}
	#shortenText() {
		const field = "text";
		if (this.#parser[field].length <= MAX_HELD_LENGTH) return;
		if (this.#isInTag) this.#fail("is not JUnit", `a tag with more than ${MAX_HELD_LENGTH} characters`);
		this.#parser[field] = this.#parser[field].slice(0, MAX_KEPT_LENGTH);
	}
	#fail(problem, reason) {
		const { line, column } = this.#parser;
		throw new require_step.FormError(`${problem}: line ${line}, column ${column || 1}: ${require_step.cut(reason, 200)}`);
	}
};
function localNameOf({ name }) {
	return name.slice(name.indexOf(":") + 1);
}
function totalsIn({ tests, failures, errors, skipped, disabled }) {
	const failed = sumOf([countOf(failures), countOf(errors)]);
	return {
		...countOf(tests) !== void 0 && { tests: countOf(tests) },
		...failed !== void 0 && { failed },
		...countOf(skipped) !== void 0 && { skipped: sumOf([countOf(skipped), countOf(disabled)]) }
	};
}
function addTotals(sum, totals) {
	if (sum === void 0) return totals;
	const keys = Object.keys(sum).filter((key) => totals[key] !== void 0);
	return Object.fromEntries(keys.map((key) => [key, sumOf([sum[key], totals[key]])]));
}
function countOf(text) {
	return text?.match(/^\d+$/) ? Number(text) : void 0;
}
function millisecondsOf(text) {
	if (text === void 0 || text.trim() === "") return void 0;
	const hasThousands = /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(text);
	const seconds = Number(hasThousands ? text.replaceAll(",", "") : text);
	return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1e3 : void 0;
}
function startOf({ timestamp }) {
	return timestamp?.match(/Z|[+-]\d\d:\d\d/i) ? require_step.instantOf(timestamp) : void 0;
}
// src/results/promptfoo.ts
const ERRORED = 2;
const promptfoo = {
	name: "promptfoo",
	recognises: (document) => require_step.isJsonObject(document) && Array.isArray(objectIn(document.results).results),
	read(value, onCase) {
		const document = objectAt("results", objectAt("the document", value).results);
		const results = arrayAt("results.results", document.results).map((result, i) => objectAt(`results.results[${i}]`, result));
		const labelOf = labelling(results);
		results.forEach((result, i) => {
			onCase({
				status: booleanAt(`results.results[${i}].success`, result.success) ? "passed" : failedOrErrored(result),
				details: () => ({
					name: titleOf(result) + labelOf(result),
					why: { message: textIn(result.error) || textIn(objectIn(result.gradingResult).reason) },
					...require_step.isJsonObject(result.vars) && { input: JSON.stringify(result.vars) },
					...answerIn(result),
					score: numberIn(result.score),
					durationMs: numberIn(result.latencyMs)
				}),
				measured: measuredIn(result)
			});
		});
		const stats = objectIn(document.stats);
		const [failures, errors] = [numberIn(stats.failures), numberIn(stats.errors)];
		const failed = sumOf([failures, errors]);
		return {
			durationMs: sumOf(results.map(({ latencyMs }) => numberIn(latencyMs))),
			totals: {
				tests: failed === void 0 ? void 0 : sumOf([numberIn(stats.successes), failed]),
				failed
			},
			failure: failed ? `failures: ${failures ?? 0}, errors: ${errors ?? 0}` : void 0
		};
	}
};
function answerIn({ response }) {
	const { output } = objectIn(response);
	return output === void 0 || output === null ? {} : { output: require_step.textOf(output) };
}
function failedOrErrored({ failureReason, error, gradingResult }) {
	return (failureReason === void 0 ? error && !gradingResult : failureReason === ERRORED) ? "errored" : "failed";
}
function labelling(results) {
	const inOrder = results.toSorted((a, b) => (numberIn(a.promptIdx) ?? 0) - (numberIn(b.promptIdx) ?? 0));
	const prompts = [...new Set(inOrder.map(promptOf))];
	const providers = new Set(results.map(providerOf));
	return (result) => {
		const labels = [...providers.size > 1 ? [providerOf(result)] : [], ...prompts.length > 1 ? [`prompt ${prompts.indexOf(promptOf(result)) + 1}`] : []];
		return labels.length > 0 ? ` [${labels.join(", ")}]` : "";
	};
}
function titleOf(result) {
	const title = textIn(objectIn(result.testCase).description) || textIn(result.description);
	if (title) return title;
	const vars = Object.entries(objectIn(result.vars));
	return require_step.cut(vars.map(([name, value]) => `${name}=${require_step.textOf(value)}`).join(", "), 100);
}
function providerOf({ provider }) {
	return require_step.isJsonObject(provider) ? textIn(provider.label) || textIn(provider.id) : textIn(provider);
}
function promptOf({ prompt }) {
	return textIn(objectIn(prompt).label) || textIn(objectIn(prompt).raw);
}
function measuredIn({ score, namedScores, cost, tokenUsage, response }) {
	const named = Object.entries(objectIn(namedScores)).filter((entry) => entry[0].trim() !== "" && numberIn(entry[1]) !== void 0);
	const tokens = objectIn(tokenUsage ?? objectIn(response).tokenUsage);
	return {
		score: numberIn(score),
		namedScores: Object.fromEntries(named),
		cost: numberIn(cost),
		inputTokens: numberIn(tokens.prompt),
		outputTokens: numberIn(tokens.completion)
	};
}
// src/results/tally.ts
const MAX_FAILURES = 10;
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
	extra = 0;
	#keep;
	#failures = [];
	#failing = [];
	#others = [];
	#casesWanted = 0;
	#scores = new Mean();
	#namedScores = new Map();
	#sums = {
		cost: 0,
		input_tokens: 0,
		output_tokens: 0
	};
	constructor(keep) {
		this.#keep = keep;
	}
	add(found) {
		const { status, isExtra, details, measured } = found;
		this.counts[status]++;
		if (isExtra) this.extra++;
		if (isFailing(status) && this.#failures.length < MAX_FAILURES) this.#failures.push(failureOf(details()));
		this.#keepCase(found);
		if (measured !== void 0) this.#measure(measured);
	}
	merge(file) {
		for (const status of [
			"passed",
			"failed",
			"errored",
			"skipped"
		]) this.counts[status] += file.counts[status];
		this.extra += file.extra;
		this.#failures.push(...file.#failures.slice(0, MAX_FAILURES - this.#failures.length));
		this.#failing.push(...file.#failing.slice(0, this.#keep.max - this.#failing.length));
		this.#others.push(...file.#others.slice(0, this.#keep.max - this.#others.length));
		this.#casesWanted += file.#casesWanted;
		this.#scores.merge(file.#scores);
		for (const [name, mean] of file.#namedScores) this.#meanOf(name).merge(mean);
		for (const name of SUM_NAMES) this.#sums[name] += file.#sums[name];
	}
	get ran() {
		return this.counts.passed + this.counts.failed + this.counts.errored;
	}
	result() {
		const meta = [];
		const metrics = [["pass_rate", this.counts.passed / this.ran]];
		for (const [name, mean] of this.#namedScores) {
			meta.push([`test.scores.${name}`, mean.value]);
			metrics.push([OWN_DIMENSIONS.includes(name) ? `scores.${name}` : name, mean.value]);
		}
		if (!this.#scores.isEmpty) {
			meta.push(["test.score.mean", this.#scores.value]);
			metrics.push(["score", this.#scores.value]);
		}
		for (const name of SUM_NAMES) {
			if (this.#sums[name] === 0) continue;
			meta.push([SUMS[name], tidy(this.#sums[name])]);
			metrics.push([name, tidy(this.#sums[name])]);
		}
		return {
			...this.counts,
			failures: this.#failures,
			meta: Object.fromEntries(meta),
			metrics: Object.fromEntries(metrics),
			cases: [...this.#failing, ...this.#others].slice(0, this.#keep.max),
			casesWanted: this.#casesWanted
		};
	}
	#keepCase({ status, details }) {
		const { kind, max } = this.#keep;
		const kept = isFailing(status) ? this.#failing : this.#others;
		if (kind === "none" || kind === "failed" && kept === this.#others) return;
		this.#casesWanted++;
		if (kept.length < max) kept.push(structuredClone(testCaseOf(status, details())));
	}
	#measure({ score, namedScores, cost, inputTokens, outputTokens }) {
		this.#scores.add(score);
		for (const [name, value] of Object.entries(namedScores)) this.#meanOf(name).add(value);
		this.#sums.cost += cost ?? 0;
		this.#sums.input_tokens += inputTokens ?? 0;
		this.#sums.output_tokens += outputTokens ?? 0;
	}
	#meanOf(name) {
		const mean = this.#namedScores.get(name) ?? new Mean();
		this.#namedScores.set(name, mean);
		return mean;
	}
};
var Mean = class {
	#sum = 0;
	#count = 0;
	add(value) {
		if (value === void 0) return;
		this.#sum += value;
		this.#count++;
	}
	merge(other) {
		this.#sum += other.#sum;
		this.#count += other.#count;
	}
	get isEmpty() {
		return this.#count === 0;
	}
	get value() {
		return tidy(this.#sum / this.#count);
	}
};
function tidy(value) {
	return Number(value.toPrecision(12));
}
// src/results/read-tests.ts
const JSON_FORMATS = [
	ctrf,
	promptfoo,
	jest
];
const KNOWN = ["junit", ...JSON_FORMATS.map(({ name }) => name)].join(", ");
const MAX_WARNINGS = 10;
async function readTests(format, keepCases, paths, files) {
	const tally = new Tally(keepCases);
	const formats = new Set();
	const durations = [];
	const warnings = [];
	const problems = [];
	for (const path of paths) try {
		const file = new Tally(keepCases);
		const { name, summary } = await readFile(format, path, files, (found) => file.add(found));
		const { failure } = summary;
		if (failure !== void 0 && file.counts.failed + file.counts.errored === 0) file.add(undeclaredCase({
			kind: "file",
			name: path,
			path,
			failure
		}));
		if (file.ran + file.counts.skipped === 0) throw new require_step.FormError("has no test case, so nothing ran. Check which tests the command selects");
		tally.merge(file);
		warnings.push(...totalsWarnings(path, summary, file));
		formats.add(name);
		durations.push(summary.durationMs);
	} catch (error) {
		problems.push(require_step.problemOf("results_file", path, error));
	}
	if (tally.ran === 0) {
		const message = `${require_step.listed(paths)}: every case was skipped, so nothing ran`;
		throw new require_step.InputError(problems.length > 0 ? problems : [{
			name: "results_file",
			message
		}]);
	}
	const durationMs = sumOf(durations);
	return {
		tests: {
			format: [...formats].join(", "),
			files: paths,
			...tally.result(),
			durationMs: durationMs === void 0 ? void 0 : Math.round(durationMs),
			warnings: limited(warnings)
		},
		problems
	};
}
async function readFile(format, path, files, onCase) {
	const beginning = await require_step.readBeginning(files, path);
	const isXml = beginning.startsWith("<");
	if (format === "junit" && !isXml) throw new require_step.FormError(`is not XML: it begins with ${require_step.quoted(beginning)}. Name the JUnit file, or set results_format to auto`);
	if (format === "junit" || format === "auto" && isXml) return {
		name: "junit",
		summary: await readJunit(require_step.readTextPieces(files, path), path, onCase)
	};
	if (format === "auto" && !/^[{[]/.test(beginning)) throw new require_step.FormError(`has an unknown format: it begins with ${require_step.quoted(beginning)}, expected XML or JSON (${KNOWN})`);
	const document = require_step.parseJson(await require_step.readText(files, path));
	const reader = JSON_FORMATS.find(({ name, recognises }) => name === format || format === "auto" && recognises(document));
	if (reader === void 0) throw new require_step.FormError(`is JSON, but in none of the known formats (${KNOWN}). For your own file set results_format to json or fields`);
	return {
		name: reader.name,
		summary: reader.read(document, onCase)
	};
}
function totalsWarnings(path, { totals, unknownStatuses = [] }, { ran, extra, counts: { failed, errored, skipped } }) {
	const total = ran + skipped;
	const off = [
		[
			"test",
			totals.tests,
			[total, total - extra]
		],
		[
			"failed",
			totals.failed,
			[failed + errored, failed + errored - extra]
		],
		[
			"skipped",
			totals.skipped,
			[skipped]
		]
	].filter(([, declared, right]) => declared !== void 0 && !right.includes(declared));
	const listOf = (counts) => off.map(([noun], i) => noun === "test" ? require_step.counted(counts[i] ?? 0, noun) : `${counts[i]} ${noun}`).join(", ");
	const declared = listOf(off.map(([, count]) => count));
	const cases = listOf(off.map(([, , [count]]) => count));
	return [...off.length > 0 ? [`${path} says ${declared}; its cases add up to ${cases}, which is what counts`] : [], ...unknownStatuses.length > 0 ? [`${path} has cases with an unknown status, counted as passed: ${unknownStatuses.join(", ")}`] : []];
}
function limited(warnings) {
	const more = warnings.length - MAX_WARNINGS;
	return [...warnings.slice(0, MAX_WARNINGS), ...more > 0 ? [`${require_step.counted(more, "more warning")} of this kind`] : []];
}
// src/results/read-results.ts
async function readResults(request, files, now) {
	const { format, pointer = "", keepCases } = request;
	const paths = await findAll(request.patterns, files);
	if (format !== "json" && format !== "fields") return readTests(format, keepCases, paths, files);
	const [path, ...others] = paths;
	if (others.length > 0) {
		const why = `but results_format ${format} reads one. Name one of ${require_step.listed(paths)}`;
		throw new require_step.InputError([{
			name: "results_file",
			message: `matches ${paths.length} files, ${why}`
		}]);
	}
	try {
		const text = await require_step.readText(files, path);
		return format === "json" ? scoreAtPointer(require_step.parseJson(text), pointer, path) : fieldsIn(require_step.parseExactJson(text), path, now);
	} catch (error) {
		throw new require_step.InputError([require_step.problemOf("results_file", path, error)]);
	}
}
async function findAll(lines, files) {
	const paths = new Set();
	const problems = [];
	for (const [at, pattern] of lines.entries()) {
		if (/^[!#]/.test(pattern)) continue;
		try {
			const excludes = lines.slice(at + 1).filter((line) => line.startsWith("!"));
			const found = await files.find(pattern, excludes);
			if (found.length === 0) throw new require_step.FormError(noFileFor(pattern, excludes));
			for (const path of found) paths.add(path);
		} catch (error) {
			problems.push(require_step.problemOf("results_file", require_step.quoted(pattern), error));
		}
	}
	if (problems.length === 0 && paths.size === 0) problems.push({
		name: "results_file",
		message: "has only comments and lines with !, which exclude"
	});
	if (problems.length > 0) throw new require_step.InputError(problems);
	return [...paths];
}
function noFileFor(pattern, excludes) {
	return ["matches no file. Check that the step that writes it ran, and that the path is relative to the workspace", ...[.../\{.*(,|\.\.).*\}/.test(pattern) ? ["Braces stand for themselves. Write one line for each path"] : [], ...excludes.length > 0 ? ["A file that a later line with ! excludes does not count"] : []]].join(". ");
}
exports.readResults = readResults;

})();

module.exports = __webpack_exports__;
/******/ })()
;