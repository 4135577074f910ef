/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

/***/ 766:
/***/ ((module) => {

"use strict";
module.exports = require("./shared.js");

/***/ }),

/***/ 503:
/***/ ((module) => {

"use strict";
module.exports = require("./step.js");

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
const require_tests = __nccwpck_require__(766);
// src/comparison/compare.ts
const MAX_NAMES = 100;
function compare({ trace, span, children }, own) {
	const score = span.score ?? 0;
	const meta = span.meta ?? {};
	const before = require_step.newestOf(span.metrics ?? []);
	const metrics = Object.entries(own.metrics).flatMap(([dimension, after]) => {
		const metric = before.get(dimension);
		return metric ? [[dimension, {
			before: metric.value,
			after
		}]] : [];
	});
	const failed = failingIn(span, children);
	const isCompared = failed !== void 0 && own.failing !== void 0;
	return require_tests.defined({
		span_id: span.id ?? void 0,
		trace_id: trace.id,
		branch: own.branch,
		revision: textFact(meta, "vcs.ref.head.revision"),
		run_url: ownRunUrl(textFact(meta, "cicd.pipeline.run.url.full"), own.facts),
		start_time: span.start_time ?? void 0,
		score,
		score_change: own.score - score,
		metrics: Object.fromEntries(metrics),
		newly_failed: isCompared ? without(own.failing, failed) : void 0,
		no_longer_failing: isCompared ? without(failed, own.failing) : void 0
	});
}
function failingIn({ meta }, children) {
	const [failed, errored] = [meta?.["test.failed"], meta?.["test.errored"]];
	if (typeof failed !== "number" || typeof errored !== "number") return void 0;
	return failingAmong(children.filter(({ type }) => type === "test"), failed + errored);
}
function failingAmong(caseSpans, of) {
	const failing = caseSpans.filter(({ meta }) => require_tests.isFailing(meta?.["test.status"]));
	return failing.length === of ? failing.map(({ name }) => name ?? "") : void 0;
}
function without(names, others) {
	const left = new Map();
	for (const name of others) left.set(name, (left.get(name) ?? 0) + 1);
	return names.filter((name) => {
		const count = left.get(name) ?? 0;
		left.set(name, count - 1);
		return count <= 0;
	}).slice(0, MAX_NAMES);
}
function textFact(facts, name) {
	const value = facts[name];
	return typeof value === "string" ? value : void 0;
}
function ownRunUrl(url, facts) {
	const runs = `${textFact(facts, "vcs.repository.url.full")}/actions/runs/`;
	return url?.startsWith(runs) && /^\d+$/.test(url.slice(runs.length)) ? url : void 0;
}
// src/comparison/baseline.ts
const EVENTS = [
	"push",
	"schedule",
	"workflow_dispatch",
	"repository_dispatch",
	"release",
	"workflow_run"
];
const REPOSITORY = ["vcs.owner.name", "vcs.repository.name"];
const RUN = "cicd.pipeline.run.id";
function isBaseline({ name, score, meta }, own) {
	const facts = meta ?? {};
	return name === own.name && typeof score === "number" && REPOSITORY.every((key) => typeof facts[key] === "string" && facts[key] === own.facts[key]) && facts["vcs.ref.head.name"] === own.branch && facts["vcs.ref.head.type"] === "branch" && facts["vcs.change.id"] === void 0 && EVENTS.includes(String(facts["github.event_name"])) && facts["cicd.pipeline.task.run.result"] !== "cancellation" && typeof facts[RUN] === "string" && facts[RUN] !== own.facts[RUN];
}
function baselineIn(trace, own) {
	const spans = trace.spans ?? [];
	const all = spans.filter((span) => isBaseline(span, own));
	const same = all.filter(({ meta }) => require_tests.sameJson(meta?.["github.matrix"], own.facts["github.matrix"]));
	const [span] = (same.length > 0 ? same : all).sort((a, b) => startOf(b) - startOf(a));
	return span && {
		trace,
		span,
		children: spans.filter(({ parent_id }) => parent_id && parent_id === span.id)
	};
}
function startOf({ start_time }) {
	return require_tests.instantOf(start_time) ?? Number.NEGATIVE_INFINITY;
}
// src/comparison/search.ts
const AT_ONCE = 4;
async function findBaseline(client, span, own, options) {
	const { trace_id: traceId, parent_id: parentId } = span;
	const trace = parentId && traceId ? await client.readTrace(traceId, {
		...options,
		isNew: true
	}) : span;
	const name = "name" in trace && trace.name || own.name;
	const { page, isCut } = await newestPage(client, name, options);
	const start = require_tests.instantOf(trace.start_time) ?? Number.POSITIVE_INFINITY;
	const candidates = page.data.filter((each) => each.name === name && each.id !== traceId && startOf(each) <= start).sort((a, b) => startOf(b) - startOf(a));
	for (let at = 0; at < candidates.length; at += AT_ONCE) {
		const some = candidates.slice(at, at + AT_ONCE).map(({ id }) => readCandidate(client, id, options));
		for (const result of await Promise.allSettled(some)) {
			if (result.status === "rejected") throw result.reason;
			const baseline = result.value && baselineIn(result.value, own);
			if (baseline) return {
				baseline,
				isCut
			};
		}
	}
	return { isCut };
}
async function newestPage(client, name, options) {
	const page = await client.listTraces(name, 0, options);
	const { meta, data } = page;
	const isCut = meta.total_count > data.length;
	const isOldestFirst = startOf(data[0] ?? {}) < startOf(data.at(-1) ?? {});
	if (!isCut || !isOldestFirst) return {
		page,
		isCut
	};
	return {
		page: await client.listTraces(name, meta.total_count - data.length, options),
		isCut
	};
}
async function readCandidate(client, id, options) {
	try {
		return await client.readTrace(id, options);
	} catch (error) {
		const status = error instanceof require_tests.ApiError ? error.status : void 0;
		if (status === void 0 || status >= 400 && status !== 404) throw error;
		return;
	}
}
// src/against-baseline.ts
const TITLE = "Opper span: comparison";
async function compareWithBaseline(branch, plan, job, client, report) {
	const { inputs } = plan;
	const score = require_step.scoreOnSpan(report);
	if (!require_step.isDone(report.outcome) || score === void 0) return;
	const { span, metrics = {} } = report;
	const failing = failingNow(plan, report);
	const own = {
		name: span.name ?? "",
		branch,
		score,
		metrics,
		failing,
		facts: job.facts
	};
	try {
		await search(own, inputs, client, report);
		await recordDrop(plan, client, report);
	} catch (error) {
		if (!(error instanceof require_tests.ApiError)) throw error;
		const step = report.comparison ? "The missed max_drop was not recorded" : `The run was not compared with ${branch}`;
		report.findings.push({
			level: levelFor(inputs),
			title: TITLE,
			lines: [`${step}: ${error.message}`]
		});
	} finally {
		report.requests = client.traffic.requests;
	}
}
function levelFor(inputs) {
	return inputs.max_drop === void 0 ? "warning" : require_step.levelOf(inputs);
}
async function search(own, inputs, client, report) {
	const { branch } = own;
	const { max_drop } = inputs;
	const { span, findings } = report;
	const { baseline, isCut } = await findBaseline(client, span, own, { isTriedOnce: max_drop === void 0 });
	if (baseline) report.comparison = compare(baseline, own);
	else if (isCut) {
		const line = `The newest 100 traces of this name contain no run on ${branch} to compare with, and there are more. Run the workflow on ${branch} again`;
		findings.push({
			level: levelFor(inputs),
			title: TITLE,
			lines: [line]
		});
	} else {
		const line = `There is no earlier run of this span on ${branch} to compare with${max_drop === void 0 ? "" : ", so max_drop was passed"}. Let the workflow run on ${branch} too, for example on: push`;
		findings.push({
			level: "notice",
			title: TITLE,
			lines: [line]
		});
	}
}
function failingNow({ inputs, caseSpans }, { tests }) {
	if (inputs.case_spans === "none" || !tests) return void 0;
	return failingAmong(caseSpans, require_tests.failingCount(tests));
}
async function recordDrop({ inputs }, client, report) {
	const { outcome, span, before, comparison } = report;
	const gate = require_step.maxDropGate(inputs.max_drop, require_step.scoreOnSpan(report), comparison, false);
	if (!gate || gate.isPassed || outcome === "read" || !span.id) return;
	const meta = inputs.ci_meta && span.meta ? require_step.withFailure(span.meta) : span.meta;
	const patch = {
		...!span.error && { error: gate.text },
		...meta && meta !== span.meta && { meta }
	};
	if (require_step.isEmptyPatch(patch)) return;
	const stored = await client.updateSpan(span.id, patch);
	report.span = {
		...stored,
		...span.feedback && { feedback: span.feedback }
	};
	report.sent = {
		...report.sent,
		...patch
	};
	report.changed = before && require_step.changesBetween(before, stored);
}
exports.compareWithBaseline = compareWithBaseline;

})();

module.exports = __webpack_exports__;
/******/ })()
;