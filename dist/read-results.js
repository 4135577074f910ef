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
function scoreIn(document, pointer, path) {
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
function statusOf(word) {
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
				status: test.status === "other" && statusOf(textIn(test.rawStatus)) === "skipped" ? "skipped" : oneAt(`results.tests[${index}].status`, test.status, STATUSES$1),
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
// src/results/test-case.ts
const MAX_TEXT_LENGTH = 65536;
const MAX_NAME_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 300;
const MAX_PATH_LENGTH = 1e3;
function failureOf(details) {
	return {
		name: nameOf(details),
		message: details.why ? require_step.cut(headlineOf(details.why), MAX_MESSAGE_LENGTH) : ""
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
function headlineOf({ message, body = "", type = "" }) {
	const [top = "", ...rest] = linesOf(afterTraceback(message));
	const first = /^\S+:\d+$/.test(top) && rest.length > 0 ? `${top}: ${rest.join(" ")}` : top;
	const [line = ""] = linesOf(afterTraceback(body)).filter((text) => !/^(?:===|---) /.test(text));
	const isNamed = line.endsWith(first) && /^[\w.$]+: $/.test(line.slice(0, line.length - first.length));
	return (saysNothing(first) || isNamed ? line : first) || first || linesOf(type)[0] || "";
}
function wholeOf({ message, body = "", type = "" }) {
	const told = plain(message).trim();
	const rest = plain(body).trim();
	const whole = saysNothing(told) || rest.includes(told) ? rest : `${told}\n${rest}`.trim();
	return require_step.cut(whole || told || plain(type), MAX_TEXT_LENGTH);
}
function saysNothing(message) {
	return /^(?:failed|failure|test failure|none)?$/i.test(message);
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
const TEXT = "text";
const TOLERATED = ["disallowed character.", "malformed character entity."];
const ORDER = [
	"skipped",
	"errored",
	"failed"
];
async function readJunit(pieces, path, onCase) {
	const { SaxesParser } = await Promise.resolve().then(() => require_step.__toESM((__nccwpck_require__(709)["default"]), 1));
	const parser = new SaxesParser({
		xmlns: false,
		position: false
	});
	const closers = [];
	let suite = {
		attributes: {},
		depth: 0,
		isTimed: false,
		hasFailure: false,
		output: ""
	};
	let openCase;
	let detail;
	let rootTotals = {};
	let innerTotals;
	const unknownWords = new Set();
	let isInTag = false;
	let caseMs;
	let suiteMs;
	parser.on("error", ({ message }) => {
		if (!TOLERATED.includes(message)) fail("is not well-formed XML", message.replace(/\.$/, ""));
	});
	parser.on("opentagstart", () => {
		isInTag = true;
	});
	parser.on("opentag", (tag) => {
		isInTag = false;
		if (closers.length === MAX_DEPTH) fail("is nested too deeply", `more than ${MAX_DEPTH} nested elements`);
		closers.push(open(localNameOf(tag), tag.attributes));
	});
	parser.on("text", addText);
	parser.on("cdata", addText);
	parser.on("closetag", () => closers.pop()?.());
	for await (const piece of pieces) {
		const nul = piece.indexOf("\0");
		parser.write(nul < 0 ? piece : piece.slice(0, nul));
		if (nul >= 0) fail("is not well-formed XML", "a NUL byte follows");
		shortenText();
	}
	parser.close();
	return {
		durationMs: caseMs ?? suiteMs,
		totals: {
			...innerTotals,
			...rootTotals
		},
		unknownWords: [...unknownWords]
	};
	function open(name, attributes) {
		const isSuite = name === "testsuites" || name === "testsuite";
		if (closers.length === 0 && !isSuite) fail("is not JUnit", `expected the element testsuites or testsuite, found ${require_step.cut(name, 40)}`);
		if (openCase !== void 0) return openInCase(openCase, name, attributes);
		if (isSuite) return openSuite(attributes);
		if (name === "testcase") return openTestCase(attributes);
		if (closers.length !== suite.depth) return void 0;
		if (name === "error" || name === "failure") return openDetail(attributes, reportSuite);
		if (name !== "system-err") return void 0;
		return openDetail(attributes, ({ body }) => {
			suite.output = body.trim();
		});
	}
	function openSuite(attributes) {
		const around = suite;
		const depth = closers.length + 1;
		const time = millisecondsOf(attributes.time);
		if (!around.isTimed) suiteMs = sumOf([suiteMs, time]);
		if (depth === 1) rootTotals = totalsIn(attributes);
		if (depth === 2) innerTotals = addTotals(innerTotals, totalsIn(attributes));
		suite = {
			attributes,
			depth,
			isTimed: around.isTimed || time !== void 0,
			hasFailure: false,
			output: ""
		};
		return () => {
			checkTotals(suite);
			around.hasFailure ||= suite.hasFailure;
			suite = around;
		};
	}
	function openTestCase(attributes) {
		const endings = new Map();
		openCase = {
			depth: closers.length + 1,
			endings
		};
		caseMs = sumOf([caseMs, millisecondsOf(attributes.time)]);
		return () => {
			openCase = void 0;
			reportCase(attributes, endings);
		};
	}
	function openInCase({ depth, endings }, name, attributes) {
		if (name === "testcase") fail("is not JUnit", "a testcase within a testcase");
		if (closers.length !== depth) return void 0;
		if (/flaky|rerun/.test(name)) suite.hasFailure = true;
		const ending = statusOf(name);
		if (ending === void 0 || endings.has(ending)) return void 0;
		return openDetail(attributes, (why) => endings.set(ending, why));
	}
	function openDetail({ message = "", type = "" }, onClose) {
		const opened = {
			message,
			type,
			body: ""
		};
		detail = opened;
		return () => {
			detail = void 0;
			onClose(opened);
		};
	}
	function addText(text) {
		if (detail !== void 0) detail.body += text.slice(0, MAX_KEPT_LENGTH - detail.body.length);
	}
	function reportCase(attributes, endings) {
		const status = ORDER.find((ending) => endings.has(ending)) ?? statusIn(attributes);
		if (isFailing(status) || [...endings.keys()].some(isFailing)) suite.hasFailure = true;
		const around = suite.attributes;
		onCase({
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
	function statusIn({ status = "", result = "" }) {
		const statuses = [status, result].filter((word) => word.trim() !== "").map((word) => {
			const meant = statusOf(word);
			if (meant === void 0 && unknownWords.size < 10) unknownWords.add(require_step.cut(word, 40));
			return meant;
		});
		return ORDER.find((ending) => statuses.includes(ending)) ?? "passed";
	}
	function checkTotals({ attributes, hasFailure, output }) {
		const totals = ["failures", "errors"].filter((name) => countOf(attributes[name]));
		if (hasFailure || totals.length === 0) return;
		reportSuite({
			message: `${`the suite says ${totals.map((name) => `${name}="${attributes[name]}"`).join(" ")}, but none of its cases failed`}${output && `: ${require_step.cut(output.replaceAll(/\s+/g, " "), 200)}`}`,
			body: output
		});
	}
	function reportSuite(why) {
		suite.hasFailure = true;
		const { name, file } = suite.attributes;
		onCase({
			status: "errored",
			isExtra: true,
			details: () => ({
				name: name || path,
				why,
				file
			})
		});
	}
	function shortenText() {
		if (parser[TEXT].length <= MAX_HELD_LENGTH) return;
		if (isInTag) fail("is not JUnit", `a tag with more than ${MAX_HELD_LENGTH} characters`);
		parser[TEXT] = parser[TEXT].slice(0, MAX_KEPT_LENGTH);
	}
	function fail(what, why) {
		throw new require_step.FormError(`${what}: line ${parser.line}, column ${parser.column || 1}: ${require_step.cut(why, 200)}`);
	}
}
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
const OWN_DIMENSIONS = [
	"pass_rate",
	"score",
	...Object.keys(SUMS)
];
function createTally({ kind, max }) {
	const counts = {
		passed: 0,
		failed: 0,
		errored: 0,
		skipped: 0,
		extra: 0
	};
	const failures = [];
	const failing = [];
	const others = [];
	let casesWanted = 0;
	const scores = createMean();
	const namedScores = new Map();
	const sums = {
		cost: 0,
		input_tokens: 0,
		output_tokens: 0
	};
	function keep({ status, details }) {
		const kept = isFailing(status) ? failing : others;
		if (kind === "none" || kind === "failed" && kept === others) return;
		casesWanted++;
		if (kept.length < max) kept.push(structuredClone(testCaseOf(status, details())));
	}
	return {
		add(found) {
			const { status, isExtra, details, measured } = found;
			counts[status]++;
			if (isExtra) counts.extra++;
			if (isFailing(status) && failures.length < MAX_FAILURES) failures.push(failureOf(details()));
			keep(found);
			if (measured === void 0) return;
			scores.add(measured.score);
			for (const [name, score] of Object.entries(measured.namedScores)) {
				const mean = namedScores.get(name) ?? createMean();
				namedScores.set(name, mean);
				mean.add(score);
			}
			sums.cost += measured.cost ?? 0;
			sums.input_tokens += measured.inputTokens ?? 0;
			sums.output_tokens += measured.outputTokens ?? 0;
		},
		counts: () => ({ ...counts }),
		result() {
			const meta = [];
			const ran = counts.passed + counts.failed + counts.errored;
			const metrics = [["pass_rate", counts.passed / ran]];
			for (const [name, mean] of namedScores) {
				meta.push([`test.scores.${name}`, mean.value()]);
				metrics.push([OWN_DIMENSIONS.includes(name) ? `scores.${name}` : name, mean.value()]);
			}
			if (scores.count() > 0) {
				meta.push(["test.score.mean", scores.value()]);
				metrics.push(["score", scores.value()]);
			}
			for (const dimension of Object.keys(SUMS)) {
				if (sums[dimension] === 0) continue;
				meta.push([SUMS[dimension], tidy(sums[dimension])]);
				metrics.push([dimension, tidy(sums[dimension])]);
			}
			const { extra: _, ...byStatus } = counts;
			return {
				...byStatus,
				failures,
				meta: Object.fromEntries(meta),
				metrics: Object.fromEntries(metrics),
				cases: [...failing, ...others].slice(0, max),
				casesWanted
			};
		}
	};
}
function createMean() {
	let sum = 0;
	let count = 0;
	return {
		add(value) {
			if (value === void 0) return;
			sum += value;
			count++;
		},
		count: () => count,
		value: () => tidy(sum / count)
	};
}
function tidy(value) {
	return Number(value.toPrecision(12));
}
// src/results/test-files.ts
const JSON_FORMATS = [
	ctrf,
	promptfoo,
	jest
];
const KNOWN = ["junit", ...JSON_FORMATS.map(({ name }) => name)].join(", ");
const MAX_WARNINGS = 10;
async function readTests(format, keepCases, paths, files) {
	const tally = createTally(keepCases);
	const formats = new Set();
	const durations = [];
	const warnings = [];
	const problems = [];
	for (const path of paths) try {
		const before = tally.counts();
		const { name, summary } = await readFile(format, path, files, tally.add);
		let counts = lessThan(tally.counts(), before);
		if (summary.failure !== void 0 && counts.failed + counts.errored === 0) {
			const why = { message: `the file says ${summary.failure}, but none of its cases failed` };
			tally.add({
				status: "errored",
				isExtra: true,
				details: () => ({
					name: path,
					why,
					file: path
				})
			});
			counts = lessThan(tally.counts(), before);
		}
		if (totalOf(counts) === 0) throw new require_step.FormError("has no test case, so nothing ran. Check which tests the command selects");
		warnings.push(...warningsAbout(path, summary, counts));
		formats.add(name);
		durations.push(summary.durationMs);
	} catch (error) {
		problems.push(require_step.problemOf("results_file", path, error));
	}
	const { passed, failed, errored } = tally.counts();
	if (passed + failed + errored === 0) {
		const message = `${require_step.listed(paths)}: every case was skipped, so nothing ran`;
		throw new require_step.InputError(problems.length > 0 ? problems : [{
			name: "results_file",
			message
		}]);
	}
	const durationMs = sumOf(durations);
	const tests = {
		format: [...formats].join(", "),
		files: paths,
		...tally.result(),
		durationMs: durationMs === void 0 ? void 0 : Math.round(durationMs),
		warnings: limited(warnings)
	};
	if (problems.length > 0) return {
		error: require_step.recordOf(tests, 100).error,
		problems
	};
	return {
		tests,
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
function warningsAbout(path, { totals, unknownWords = [] }, counts) {
	const { passed, failed, errored, skipped, extra } = counts;
	const total = passed + failed + errored + skipped;
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
	].filter(([, told, right]) => told !== void 0 && !right.includes(told));
	const listOf = (counts) => off.map(([what], i) => what === "test" ? require_step.counted(counts[i] ?? 0, what) : `${counts[i]} ${what}`).join(", ");
	const told = listOf(off.map(([, count]) => count));
	const cases = listOf(off.map(([, , [count]]) => count));
	return [...off.length > 0 ? [`${path} says ${told}; its cases add up to ${cases}, which is what counts`] : [], ...unknownWords.length > 0 ? [`${path} has cases with an unknown status, counted as passed: ${unknownWords.join(", ")}`] : []];
}
function limited(warnings) {
	const more = warnings.length - MAX_WARNINGS;
	return [...warnings.slice(0, MAX_WARNINGS), ...more > 0 ? [`${require_step.counted(more, "more warning")} of this kind`] : []];
}
function lessThan(after, before) {
	return {
		passed: after.passed - before.passed,
		failed: after.failed - before.failed,
		errored: after.errored - before.errored,
		skipped: after.skipped - before.skipped,
		extra: after.extra - before.extra
	};
}
function totalOf({ passed, failed, errored, skipped }) {
	return passed + failed + errored + skipped;
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
		return format === "json" ? scoreIn(require_step.parseJson(text), pointer, path) : fieldsIn(require_step.parseExactJson(text), path, now);
	} catch (error) {
		throw new require_step.InputError([require_step.problemOf("results_file", path, error)]);
	}
}
async function findAll(patterns, files) {
	const paths = new Set();
	const problems = [];
	for (const pattern of patterns) try {
		const found = await files.find(pattern);
		if (found.length === 0) throw new require_step.FormError(noFileFor(pattern));
		for (const path of found) paths.add(path);
	} catch (error) {
		problems.push(require_step.problemOf("results_file", require_step.quoted(pattern), error));
	}
	if (problems.length > 0) throw new require_step.InputError(problems);
	return [...paths];
}
function noFileFor(pattern) {
	return `matches no file. Check that the step that writes it ran, and that the path is relative to the workspace${/[[\]]/.test(pattern) ? ". Brackets stand for themselves; a glob has *, ?, ** and {a,b}" : ""}`;
}
exports.readResults = readResults;

})();

module.exports = __webpack_exports__;
/******/ })()
;