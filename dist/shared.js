/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

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
let node_util = __nccwpck_require__(975);
// node_modules/zod/v4/core/util.js
function getEnumValues(entries) {
	const numericValues = Object.values(entries).filter((v) => typeof v === "number");
	return Object.entries(entries).filter(([k, _]) => numericValues.indexOf(+k) === -1).map(([_, v]) => v);
}
function jsonStringifyReplacer(_, value) {
	if (typeof value === "bigint") return value.toString();
	return value;
}
var Cached = class {
	constructor(getter) {
		this._getter = getter;
		this._value = void 0;
	}
	get value() {
		const getter = this._getter;
		if (getter !== void 0) {
			this._value = getter();
			this._getter = void 0;
		}
		return this._value;
	}
};
function cached(getter) {
	return new Cached(getter);
}
function cleanRegex(source) {
	const start = source.startsWith("^") ? 1 : 0;
	const end = source.endsWith("$") ? source.length - 1 : source.length;
	return source.slice(start, end);
}
function assignProp(target, prop, value) {
	Object.defineProperty(target, prop, {
		value,
		writable: true,
		enumerable: true,
		configurable: true
	});
}
const captureStackTrace = "captureStackTrace" in Error ? Error.captureStackTrace : (..._args) => {};
function isObject(data) {
	return typeof data === "object" && data !== null && !Array.isArray(data);
}
const propertyKeyTypes = new Set([
	"string",
	"number",
	"symbol"
]);
function escapeRegex(str) {
	return str.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
function clone(inst, def, params) {
	const cl = new inst._zod.constr(def ?? inst._zod.def);
	if (!def || params?.parent) cl._zod.parent = inst;
	return cl;
}
function normalizeParams(_params) {
	const params = _params;
	if (!params) return {};
	if (typeof params === "string") return { error: () => params };
	if (params?.message !== void 0) {
		if (params?.error !== void 0) throw new Error("Cannot specify both `message` and `error` params");
		params.error = params.message;
	}
	delete params.message;
	if (typeof params.error === "string") return {
		...params,
		error: () => params.error
	};
	return params;
}
function optionalKeys(shape) {
	return Object.keys(shape).filter((k) => {
		return shape[k]._zod.optin !== void 0 && shape[k]._zod.optout === "optional";
	});
}
function aborted(x, startIndex = 0) {
	if (x.aborted === true) return true;
	for (let i = startIndex; i < x.issues.length; i++) if (x.issues[i]?.continue !== true) return true;
	return false;
}
function explicitlyAborted(x, startIndex = 0) {
	if (x.aborted === true) return true;
	for (let i = startIndex; i < x.issues.length; i++) if (x.issues[i]?.continue === false) return true;
	return false;
}
function prefixIssues(path, issues) {
	return issues.map((iss) => {
		var _a;
		(_a = iss).path ?? (_a.path = []);
		iss.path.unshift(path);
		return iss;
	});
}
function unwrapMessage(message) {
	return typeof message === "string" ? message : message?.message;
}
function sizeCaps(defChecks) {
	const caps = [];
	for (const ch of defChecks ?? []) {
		const d = ch._zod.def;
		if (!/_(length|size)$|_equals$/.test(d.check)) break;
		const max = d.maximum ?? d.length ?? d.size;
		if (max >= 0) caps.push([max, ch]);
	}
	return caps;
}
function attachSchema(issues, start, inst) {
	var _a;
	for (let i = start; i < issues.length; i++) (_a = issues[i]).schema ?? (_a.schema = inst);
}
function finalizeIssue(iss, ctx, config) {
	var _a;
	const traits = iss.inst?._zod?.traits;
	if (traits?.has("$ZodType")) {
		if (traits.has("$ZodCheck")) (_a = iss).schema ?? (_a.schema = iss.inst);
		else iss.schema = iss.inst;
	}
	const schemaError = iss.schema !== iss.inst ? iss.schema?._zod.def?.error : void 0;
	const message = iss.message ? iss.message : unwrapMessage(iss.inst?._zod.def?.error?.(iss)) ?? unwrapMessage(schemaError?.(iss)) ?? unwrapMessage(ctx?.error?.(iss)) ?? unwrapMessage(config.customError?.(iss)) ?? unwrapMessage(config.localeError?.(iss)) ?? "Invalid input";
	const full = {};
	for (const k of Object.keys(iss)) {
		if (k === "inst" || k === "schema" || k === "continue" || k === "input" || k === "__proto__") continue;
		full[k] = iss[k];
	}
	full.path ?? (full.path = []);
	full.message = message;
	if (ctx?.reportInput) full.input = iss.input;
	return full;
}
function issue(...args) {
	const [iss, input, inst] = args;
	if (typeof iss === "string") return {
		message: iss,
		code: "custom",
		input,
		inst
	};
	return { ...iss };
}
function members(proto, table) {
	for (const key in table) {
		const desc = Object.getOwnPropertyDescriptor(table, key);
		if (desc.get) Object.defineProperty(proto, key, {
			...desc,
			enumerable: false
		});
		else defineBound(proto, key, desc.value);
	}
}
function own(inst, key, value, enumerable = true) {
	Object.defineProperty(inst, key, {
		configurable: true,
		writable: true,
		enumerable,
		value
	});
	return value;
}
function hide(inst, key, value) {
	return own(inst, key, value, false);
}
function defineBound(proto, key, fn) {
	Object.defineProperty(proto, key, {
		configurable: true,
		get() {
			return this == null ? fn : own(this, key, fn.bind(this));
		},
		set(value) {
			own(this, key, value);
		}
	});
}
function claim(inst, sentinel) {
	const proto = Object.getPrototypeOf(inst);
	return sentinel in proto ? void 0 : proto;
}
let installing;
let broke = false;
const breaker = {
	configurable: true,
	get() {
		broke = true;
	}
};
function defineLazyInternal(inst, key, compute) {
	const proto = Object.getPrototypeOf(inst._zod);
	if (key in proto && installing !== inst._zod) {
		installing = void 0;
		return;
	}
	installing = inst._zod;
	Object.defineProperty(proto, key, {
		configurable: true,
		get() {
			Object.defineProperty(this, key, breaker);
			const outer = broke;
			broke = false;
			try {
				const value = compute(this);
				if (broke) delete this[key];
				else Object.defineProperty(this, key, {
					configurable: true,
					writable: true,
					value
				});
				broke = broke || outer;
				return value;
			} catch (err) {
				delete this[key];
				broke = broke || outer;
				throw err;
			}
		},
		set(value) {
			Object.defineProperty(this, key, {
				configurable: true,
				writable: true,
				value
			});
		}
	});
}
function installLazyProp(inst, key, make, enumerable) {
	const proto = claim(inst, key);
	if (!proto) return;
	Object.defineProperty(proto, key, {
		configurable: true,
		get() {
			const desc = {
				configurable: true,
				writable: true,
				enumerable,
				value: void 0
			};
			Object.defineProperty(this, key, desc);
			desc.value = make(this);
			Object.defineProperty(this, key, desc);
			return desc.value;
		},
		set(value) {
			Object.defineProperty(this, key, {
				configurable: true,
				writable: true,
				enumerable,
				value
			});
		}
	});
}
// node_modules/zod/v4/core/core.js
var _a;
const NEVER = Object.freeze({ status: "aborted" });
const _zodDesc = {
	value: void 0,
	enumerable: false
};
let _E = "captureStackTrace" in Error ? Error : null;
function newError(Definition) {
	const E = _E;
	if (E) {
		const saved = E.stackTraceLimit;
		if (typeof saved === "number") {
			try {
				E.stackTraceLimit = 0;
			} catch {
				_E = null;
				return new Definition();
			}
			try {
				return new Definition();
			} finally {
				E.stackTraceLimit = saved;
			}
		}
	}
	return new Definition();
}
function $constructor(name, initializer, proto, params) {
	const zodProto = {};
	function Internals(def) {
		this.def = def;
		this.constr = _;
		this.traits = new Set();
	}
	Internals.prototype = zodProto;
	const protoMembers = proto;
	const initialized = protoMembers && new WeakSet();
	function init(inst, def) {
		if (!inst._zod) {
			_zodDesc.value = new Internals(def);
			try {
				Object.defineProperty(inst, "_zod", _zodDesc);
			} finally {
				_zodDesc.value = void 0;
			}
		} else if (inst._zod.traits.has(name)) return;
		inst._zod.traits.add(name);
		initializer(inst, def);
		if (initialized) {
			const own = Object.getPrototypeOf(inst);
			const ctorProto = inst._zod.constr.prototype;
			let up = own;
			while (up && up !== ctorProto) up = Object.getPrototypeOf(up);
			const target = up ?? own;
			if (!initialized.has(target)) {
				initialized.add(target);
				members(target, protoMembers);
			}
		}
		const proto = _.prototype;
		for (const k in proto) {
			if (!Object.prototype.hasOwnProperty.call(proto, k)) continue;
			if (!(k in inst)) inst[k] = proto[k].bind(inst);
		}
	}
	const Parent = params?.Parent ?? Object;
	class Definition extends Parent {}
	Object.defineProperty(Definition, "name", { value: name });
	function _(def) {
		const inst = params?.Parent ? newError(Definition) : this;
		init(inst, def);
		const deferred = inst._zod.deferred;
		if (deferred) {
			for (const fn of deferred) fn();
			inst._zod.deferred = void 0;
		}
		const pp = globalThis.__zod_globalConfig?.postProcessor;
		if (pp) pp(inst);
		return inst;
	}
	Object.defineProperty(_, "init", { value: init });
	Object.defineProperty(_, Symbol.hasInstance, { value: (inst) => {
		if (params?.Parent && inst instanceof params.Parent) return true;
		return inst?._zod?.traits?.has(name);
	} });
	Object.defineProperty(_, "name", { value: name });
	return _;
}
var $ZodAsyncError = class extends Error {
	constructor() {
		super(`Encountered Promise during synchronous parse. Use .parseAsync() instead.`);
	}
};
var $ZodEncodeError = class extends Error {
	constructor(name) {
		super(`Encountered unidirectional transform during encode: ${name}`);
		this.name = "ZodEncodeError";
	}
};
(_a = globalThis).__zod_globalConfig ?? (_a.__zod_globalConfig = {});
const globalConfig = globalThis.__zod_globalConfig;
function config(newConfig) {
	if (newConfig) Object.assign(globalConfig, newConfig);
	return globalConfig;
}
// node_modules/zod/v4/core/errors.js
function _getMessage() {
	const internals = this._zod;
	internals.message ?? (internals.message = JSON.stringify(internals.def, jsonStringifyReplacer, 2));
	return internals.message;
}
function _setMessage(value) {
	this._zod.message = value;
}
const _messageDesc = {
	get: _getMessage,
	set: _setMessage,
	enumerable: true,
	configurable: true
};
const _issuesDesc = {
	value: void 0,
	enumerable: false
};
const _installedToString = new WeakSet([Object.prototype, Error.prototype]);
const initializer = (inst, def) => {
	inst.name = "$ZodError";
	_issuesDesc.value = def;
	Object.defineProperty(inst, "issues", _issuesDesc);
	_issuesDesc.value = void 0;
	Object.defineProperty(inst, "message", _messageDesc);
	const proto = Object.getPrototypeOf(inst);
	if (!_installedToString.has(proto)) {
		_installedToString.add(proto);
		Object.defineProperty(proto, "toString", {
			configurable: true,
			enumerable: false,
			get() {
				const value = () => this.message;
				Object.defineProperty(this, "toString", {
					value,
					configurable: true,
					writable: true
				});
				return value;
			},
			set(value) {
				Object.defineProperty(this, "toString", {
					value,
					configurable: true,
					writable: true
				});
			}
		});
	}
};
const $ZodRealError = $constructor("$ZodError", initializer, void 0, { Parent: Error });
// node_modules/zod/v4/core/parse.js
const _parse = (_Err) => {
	const fn = (schema, value, _ctx, _params) => {
		const ctx = _ctx ? {
			..._ctx,
			async: false
		} : { async: false };
		const result = schema._zod.run({
			value,
			issues: []
		}, ctx);
		if (result instanceof Promise) throw new $ZodAsyncError();
		if (result.issues.length) {
			const e = new ((_params?.Err) ?? _Err)(result.issues.map((iss) => finalizeIssue(iss, ctx, config())));
			captureStackTrace(e, _params?.callee ?? fn);
			throw e;
		}
		return result.value;
	};
	return fn;
};
const parse$1 = _parse($ZodRealError);
const _parseAsync = (_Err) => {
	const fn = async (schema, value, _ctx, params) => {
		const ctx = _ctx ? {
			..._ctx,
			async: true
		} : { async: true };
		let result = schema._zod.run({
			value,
			issues: []
		}, ctx);
		if (result instanceof Promise) result = await result;
		if (result.issues.length) {
			const e = new ((params?.Err) ?? _Err)(result.issues.map((iss) => finalizeIssue(iss, ctx, config())));
			captureStackTrace(e, params?.callee ?? fn);
			throw e;
		}
		return result.value;
	};
	return fn;
};
const parseAsync = _parseAsync($ZodRealError);
const _safeParse = (_Err) => (schema, value, _ctx) => {
	const ctx = _ctx ? {
		..._ctx,
		async: false
	} : { async: false };
	const result = schema._zod.run({
		value,
		issues: []
	}, ctx);
	if (result instanceof Promise) throw new $ZodAsyncError();
	return result.issues.length ? failure(_Err, result.issues, ctx) : {
		success: true,
		data: result.value
	};
};
const safeParse = _safeParse($ZodRealError);
function failure(Err, issues, ctx) {
	let error;
	return {
		success: false,
		get error() {
			if (!error) {
				error = new Err(issues.map((iss) => finalizeIssue(iss, ctx, config())));
				issues = void 0;
				ctx = void 0;
			}
			return error;
		},
		set error(e) {
			error = e;
			issues = void 0;
			ctx = void 0;
		}
	};
}
const _safeParseAsync = (_Err) => async (schema, value, _ctx) => {
	const ctx = _ctx ? {
		..._ctx,
		async: true
	} : { async: true };
	let result = schema._zod.run({
		value,
		issues: []
	}, ctx);
	if (result instanceof Promise) result = await result;
	return result.issues.length ? failure(_Err, result.issues, ctx) : {
		success: true,
		data: result.value
	};
};
const safeParseAsync = _safeParseAsync($ZodRealError);
// node_modules/zod/v4/core/regexes.js
const dateSource = `(?:(?:\\d\\d[2468][048]|\\d\\d[13579][26]|\\d\\d0[48]|[02468][048]00|[13579][26]00)-02-29|\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|(?:02)-(?:0[1-9]|1\\d|2[0-8])))`;
function timeSource(args) {
	const hhmm = `(?:[01]\\d|2[0-3]):[0-5]\\d`;
	return typeof args.precision === "number" ? args.precision === -1 ? `${hhmm}` : args.precision === 0 ? `${hhmm}:[0-5]\\d` : `${hhmm}:[0-5]\\d\\.\\d{${args.precision}}` : args.seconds ? `${hhmm}:[0-5]\\d(?:\\.\\d+)?` : `${hhmm}(?::[0-5]\\d(?:\\.\\d+)?)?`;
}
function datetime$1(args) {
	const opts = ["Z"];
	if (args.offset) opts.push(`([+-](?:[01]\\d|2[0-3]):[0-5]\\d)`);
	const qualified = `${timeSource({
		precision: args.precision,
		seconds: true
	})}(?:${opts.join("|")})`;
	const timeRegex = args.local ? `${qualified}|${timeSource({ precision: args.precision })}` : qualified;
	return new RegExp(`^${dateSource}T(?:${timeRegex})$`);
}
const anyString = /^[\s\S]{0,}$/;
const number$2 = /^-?\d+(?:\.\d+)?$/;
const boolean$1 = /^(?:true|false)$/i;
// node_modules/zod/v4/core/checks.js
const $ZodCheck = $constructor("$ZodCheck", (inst, def) => {
	var _a;
	inst._zod ?? (inst._zod = {});
	inst._zod.def = def;
	(_a = inst._zod).onattach ?? (_a.onattach = []);
});
const numericOriginMap = {
	number: "number",
	bigint: "bigint",
	object: "date"
};
const $ZodCheckGreaterThan = $constructor("$ZodCheckGreaterThan", (inst, def) => {
	$ZodCheck.init(inst, def);
	const origin = numericOriginMap[typeof def.value];
	inst._zod.check = (payload) => {
		if (def.inclusive ? payload.value >= def.value : payload.value > def.value) return;
		payload.issues.push({
			origin: numericOriginMap[typeof payload.value] ?? origin,
			code: "too_small",
			minimum: typeof def.value === "object" ? def.value.getTime() : def.value,
			input: payload.value,
			inclusive: def.inclusive,
			inst,
			continue: !def.abort
		});
	};
});
const $ZodCheckStringFormat = $constructor("$ZodCheckStringFormat", (inst, def) => {
	var _a, _b;
	$ZodCheck.init(inst, def);
	if (def.pattern) (_a = inst._zod).check ?? (_a.check = (payload) => {
		def.pattern.lastIndex = 0;
		if (def.pattern.test(payload.value)) return;
		payload.issues.push({
			origin: "string",
			code: "invalid_format",
			format: def.format,
			input: payload.value,
			...def.pattern ? { pattern: def.pattern.toString() } : {},
			inst,
			continue: !def.abort
		});
	});
	else (_b = inst._zod).check ?? (_b.check = () => {});
});
const $ZodCheckRegex = $constructor("$ZodCheckRegex", (inst, def) => {
	$ZodCheckStringFormat.init(inst, def);
	inst._zod.check = (payload) => {
		def.pattern.lastIndex = 0;
		if (def.pattern.test(payload.value)) return;
		payload.issues.push({
			origin: "string",
			code: "invalid_format",
			format: "regex",
			input: payload.value,
			pattern: def.pattern.toString(),
			inst,
			continue: !def.abort
		});
	};
});
// node_modules/zod/v4/core/versions.js
const version = {
	major: 4,
	minor: 6,
	patch: 7
};
// node_modules/zod/v4/core/schemas.js
const $ZodType = $constructor("$ZodType", (inst, def) => {
	var _a;
	inst ?? (inst = {});
	inst._zod.def = def;
	inst._zod.bag = inst._zod.bag || {};
	inst._zod.version = version;
	const defChecks = inst._zod.def.checks;
	const checks = inst._zod.traits.has("$ZodCheck") ? [inst, ...defChecks ?? []] : defChecks?.length ? [...defChecks] : [];
	for (const ch of checks) for (const fn of ch._zod.onattach) fn(inst);
	if (checks.length === 0) {
		(_a = inst._zod).deferred ?? (_a.deferred = []);
		inst._zod.deferred?.push(() => {
			inst._zod.run = inst._zod.parse;
		});
	} else {
		const runChecks = (payload, checks, ctx) => {
			if (payload.memo) return payload;
			let isAborted = aborted(payload);
			let asyncResult;
			for (const ch of checks) {
				if (ch._zod.def.when) {
					if (explicitlyAborted(payload)) continue;
					if (!ch._zod.def.when(payload)) continue;
				} else if (isAborted) continue;
				const currLen = payload.issues.length;
				const _ = ch._zod.check(payload);
				if (_ instanceof Promise && ctx?.async === false) throw new $ZodAsyncError();
				if (asyncResult || _ instanceof Promise) asyncResult = (asyncResult ?? Promise.resolve()).then(async () => {
					await _;
					if (payload.issues.length === currLen) return;
					attachSchema(payload.issues, currLen, inst);
					if (!isAborted) isAborted = aborted(payload, currLen);
				});
				else {
					if (payload.issues.length === currLen) continue;
					attachSchema(payload.issues, currLen, inst);
					if (!isAborted) isAborted = aborted(payload, currLen);
				}
			}
			if (asyncResult) return asyncResult.then(() => {
				return payload;
			});
			return payload;
		};
		const handleCanaryResult = (canary, payload, ctx) => {
			if (aborted(canary)) {
				canary.aborted = true;
				return canary;
			}
			const checkResult = runChecks(payload, checks, ctx);
			if (checkResult instanceof Promise) {
				if (ctx.async === false) throw new $ZodAsyncError();
				return checkResult.then((checkResult) => inst._zod.parse(checkResult, ctx));
			}
			return inst._zod.parse(checkResult, ctx);
		};
		inst._zod.run = (payload, ctx) => {
			if (ctx.skipChecks) return inst._zod.parse(payload, ctx);
			if (ctx.direction === "backward") {
				const canary = inst._zod.parse({
					value: payload.value,
					issues: []
				}, {
					...ctx,
					skipChecks: true
				});
				if (canary instanceof Promise) return canary.then((canary) => {
					return handleCanaryResult(canary, payload, ctx);
				});
				return handleCanaryResult(canary, payload, ctx);
			}
			const result = inst._zod.parse(payload, ctx);
			if (result instanceof Promise) {
				if (ctx.async === false) throw new $ZodAsyncError();
				return result.then((result) => runChecks(result, checks, ctx));
			}
			return runChecks(result, checks, ctx);
		};
	}
}, {
	get "~standard"() {
		return hide(this, "~standard", standardProps(this));
	},
	set "~standard"(value) {
		own(this, "~standard", value);
	}
});
const toStandardResult = (r, ctx) => r.issues.length ? { issues: r.issues.map((iss) => finalizeIssue(iss, ctx, config())) } : { value: r.value };
async function validateAsync(inst, value) {
	const ctx = { async: true };
	return toStandardResult(await inst._zod.run({
		value,
		issues: []
	}, ctx), ctx);
}
function standardProps(inst) {
	return {
		validate: (value) => {
			const ctx = { async: false };
			try {
				const r = inst._zod.run({
					value,
					issues: []
				}, ctx);
				if (!(r instanceof Promise)) return toStandardResult(r, ctx);
			} catch (_) {}
			return validateAsync(inst, value);
		},
		vendor: "zod",
		version: 1
	};
}
const $ZodString = $constructor("$ZodString", (inst, def) => {
	$ZodType.init(inst, def);
	inst._zod.pattern = def.pattern ?? anyString;
	inst._zod.parse = (payload, _) => {
		if (def.coerce) try {
			payload.value = String(payload.value);
		} catch (_) {}
		if (typeof payload.value === "string") return payload;
		payload.issues.push({
			expected: "string",
			code: "invalid_type",
			input: payload.value,
			inst
		});
		return payload;
	};
});
const $ZodStringFormat = $constructor("$ZodStringFormat", (inst, def) => {
	$ZodCheckStringFormat.init(inst, def);
	$ZodString.init(inst, def);
});
const $ZodISODateTime = $constructor("$ZodISODateTime", (inst, def) => {
	def.pattern ?? (def.pattern = datetime$1(def));
	$ZodStringFormat.init(inst, def);
});
const $ZodNumber = $constructor("$ZodNumber", (inst, def) => {
	$ZodType.init(inst, def);
	inst._zod.pattern = number$2;
	inst._zod.parse = (payload, _ctx) => {
		if (def.coerce) try {
			payload.value = Number(payload.value);
		} catch (_) {}
		const input = payload.value;
		if (typeof input === "number" && !Number.isNaN(input) && Number.isFinite(input)) return payload;
		const received = typeof input === "number" ? Number.isNaN(input) ? "NaN" : !Number.isFinite(input) ? String(input) : void 0 : void 0;
		payload.issues.push({
			expected: "number",
			code: "invalid_type",
			input,
			inst,
			...received ? { received } : {}
		});
		return payload;
	};
});
const $ZodBoolean = $constructor("$ZodBoolean", (inst, def) => {
	$ZodType.init(inst, def);
	inst._zod.pattern = boolean$1;
	inst._zod.parse = (payload, _ctx) => {
		if (def.coerce) try {
			payload.value = Boolean(payload.value);
		} catch (_) {}
		const input = payload.value;
		if (typeof input === "boolean") return payload;
		payload.issues.push({
			expected: "boolean",
			code: "invalid_type",
			input,
			inst
		});
		return payload;
	};
});
const $ZodUnknown = $constructor("$ZodUnknown", (inst, def) => {
	$ZodType.init(inst, def);
	inst._zod.parse = (payload) => payload;
});
function capSize(inst, size) {
	const caps = sizeCaps(inst._zod.def.checks);
	if (!caps.length) return;
	const cap = Math.min(...caps.map((c) => c[0]));
	const parse = inst._zod.parse;
	inst._zod.parse = (payload, ctx) => {
		const n = size(payload.value);
		if (n > cap && !ctx?.skipChecks && ctx?.direction !== "backward") {
			for (const [max, ch] of sizeCaps(inst._zod.def.checks)) if (n > max && ch._zod.def.when(payload)) {
				const start = payload.issues.length;
				ch._zod.check(payload);
				payload.issues[start].continue = false;
				attachSchema(payload.issues, start, inst);
				return payload;
			}
		}
		return parse(payload, ctx);
	};
}
const arraySize = (input) => Array.isArray(input) ? input.length : -1;
function handleArrayResult(result, final, index) {
	if (result.issues.length) final.issues.push(...prefixIssues(index, result.issues));
	final.value[index] = result.value;
}
const $ZodArray = $constructor("$ZodArray", (inst, def) => {
	$ZodType.init(inst, def);
	const memo = globalConfig.memoizer;
	memo?.attach(inst);
	inst._zod.parse = (payload, ctx) => {
		const input = payload.value;
		if (!Array.isArray(input)) {
			payload.issues.push({
				expected: "array",
				code: "invalid_type",
				input,
				inst
			});
			return payload;
		}
		payload.value = memo ? memo.alloc(inst, payload, Array(input.length), ctx) : Array(input.length);
		const proms = [];
		const abortEarly = ctx?.abortEarly;
		for (let i = 0; i < input.length; i++) {
			const item = input[i];
			const result = def.element._zod.run({
				value: item,
				issues: []
			}, ctx);
			if (result instanceof Promise) proms.push(result.then((result) => handleArrayResult(result, payload, i)));
			else {
				handleArrayResult(result, payload, i);
				if (abortEarly && result.issues.length !== 0 && aborted(result)) break;
			}
		}
		if (proms.length) return Promise.all(proms).then(() => payload);
		return payload;
	};
	capSize(inst, arraySize);
});
function handlePropertyResult(result, final, key, input, optin, optout) {
	const isPresent = key in input;
	const isOptionalOut = optout === "optional";
	if (!isPresent && isOptionalOut && optin === "optional") return;
	if (result.issues.length) {
		if (optin !== void 0 && isOptionalOut && !isPresent) return;
		final.issues.push(...prefixIssues(key, result.issues));
	}
	if (!isPresent && optin === void 0) {
		if (!result.issues.length) final.issues.push({
			code: "invalid_type",
			expected: "nonoptional",
			input: void 0,
			path: [key]
		});
		return;
	}
	if (result.value === void 0) {
		if (isPresent || optin === "defaulted" && !isOptionalOut) final.value[key] = void 0;
	} else final.value[key] = result.value;
}
const NO_SYMBOL_KEYS = [];
function normalizeDef(def) {
	const keys = Object.keys(def.shape);
	const ownSymbols = Object.getOwnPropertySymbols(def.shape);
	const symbolKeys = ownSymbols.length ? ownSymbols : NO_SYMBOL_KEYS;
	const allKeys = symbolKeys.length ? [...keys, ...symbolKeys] : keys;
	for (const k of allKeys) if (!def.shape?.[k]?._zod?.traits?.has("$ZodType")) throw new Error(`Invalid element at key "${String(k)}": expected a Zod schema`);
	const okeys = optionalKeys(def.shape);
	return {
		...def,
		allKeys,
		symbolKeys,
		keySet: new Set(keys),
		numKeys: keys.length,
		optionalKeys: new Set(okeys)
	};
}
function handleCatchall(proms, input, payload, ctx, def, inst, abortEarly) {
	const unrecognized = [];
	const keySet = def.keySet;
	const _catchall = def.catchall._zod;
	const t = _catchall.def.type;
	const optin = _catchall.optin;
	const optout = _catchall.optout;
	let seen = 0;
	for (const key in input) {
		if (abortEarly && payload.issues.length !== seen) {
			if (aborted(payload, seen)) break;
			seen = payload.issues.length;
		}
		if (keySet.has(key)) continue;
		if (key === "__proto__") {
			if (t === "never") unrecognized.push(key);
			continue;
		}
		if (t === "never") {
			unrecognized.push(key);
			continue;
		}
		const r = _catchall.run({
			value: input[key],
			issues: []
		}, ctx);
		if (r instanceof Promise) proms.push(r.then((r) => handlePropertyResult(r, payload, key, input, optin, optout)));
		else handlePropertyResult(r, payload, key, input, optin, optout);
	}
	if (unrecognized.length) payload.issues.push({
		code: "unrecognized_keys",
		keys: unrecognized,
		input,
		inst,
		continue: true
	});
	if (!proms.length) return payload;
	return Promise.all(proms).then(() => {
		return payload;
	});
}
const $ZodObject = $constructor("$ZodObject", (inst, def) => {
	$ZodType.init(inst, def);
	const desc = Object.getOwnPropertyDescriptor(def, "shape");
	const sh = desc?.get ? desc.get.raw : def.shape ?? {};
	if (sh) {
		const get = () => {
			const newSh = { ...sh };
			Object.defineProperty(def, "shape", { value: newSh });
			get.raw = newSh;
			return newSh;
		};
		get.raw = sh;
		Object.defineProperty(def, "shape", { get });
	}
	const _normalized = cached(() => normalizeDef(def));
	defineLazyInternal(inst, "propValues", (zod) => {
		const shape = zod.def.shape;
		const propValues = {};
		for (const key in shape) {
			const field = shape[key]._zod;
			if (field.values) {
				if (!Object.prototype.hasOwnProperty.call(propValues, key)) assignProp(propValues, key, new Set());
				for (const v of field.values) propValues[key].add(v);
				if (field.optin !== void 0) propValues[key].add(void 0);
			}
		}
		return propValues;
	});
	const isObject$1 = isObject;
	const catchall = def.catchall;
	let value;
	const memo = globalConfig.memoizer;
	memo?.attach(inst);
	inst._zod.parse = (payload, ctx) => {
		value ?? (value = _normalized.value);
		const input = payload.value;
		if (!isObject$1(input)) {
			payload.issues.push({
				expected: "object",
				code: "invalid_type",
				input,
				inst
			});
			return payload;
		}
		payload.value = memo ? memo.alloc(inst, payload, {}, ctx) : {};
		const proms = [];
		const shape = value.shape;
		const abortEarly = ctx?.abortEarly;
		let seen = payload.issues.length;
		for (const key of value.allKeys) {
			if (abortEarly && payload.issues.length !== seen) {
				if (aborted(payload, seen)) break;
				seen = payload.issues.length;
			}
			if (key === "__proto__") continue;
			const el = shape[key];
			const optin = el._zod.optin;
			const optout = el._zod.optout;
			const r = el._zod.run({
				value: input[key],
				issues: []
			}, ctx);
			if (r instanceof Promise) proms.push(r.then((r) => handlePropertyResult(r, payload, key, input, optin, optout)));
			else handlePropertyResult(r, payload, key, input, optin, optout);
		}
		if (!catchall) return proms.length ? Promise.all(proms).then(() => payload) : payload;
		return handleCatchall(proms, input, payload, ctx, _normalized.value, inst, abortEarly === true);
	};
});
const $ZodEnum = $constructor("$ZodEnum", (inst, def) => {
	$ZodType.init(inst, def);
	const values = getEnumValues(def.entries);
	const valuesSet = new Set(values);
	inst._zod.values = valuesSet;
	defineLazyInternal(inst, "pattern", (zod) => {
		const patternValues = getEnumValues(zod.def.entries).filter((k) => propertyKeyTypes.has(typeof k));
		return new RegExp(patternValues.length ? `^(${patternValues.map((o) => escapeRegex(o.toString())).join("|")})$` : "^[^\\s\\S]$");
	});
	inst._zod.parse = (payload, _ctx) => {
		const input = payload.value;
		if (valuesSet.has(input)) return payload;
		payload.issues.push({
			code: "invalid_value",
			values,
			input,
			inst
		});
		return payload;
	};
});
const $ZodTransform = $constructor("$ZodTransform", (inst, def) => {
	$ZodType.init(inst, def);
	inst._zod.optin = "optional";
	globalConfig.memoizer?.guard(inst);
	inst._zod.parse = (payload, ctx) => {
		if (ctx.direction === "backward") throw new $ZodEncodeError(inst.constructor.name);
		const _out = def.transform(payload.value, payload);
		if (ctx.async) return (_out instanceof Promise ? _out : Promise.resolve(_out)).then((output) => {
			payload.value = output;
			return payload;
		});
		if (_out instanceof Promise) throw new $ZodAsyncError();
		payload.value = _out;
		return payload;
	};
});
function handleOptionalResult(payload, result) {
	payload.value = result.issues.length ? void 0 : result.value;
	return payload;
}
const $ZodOptional = $constructor("$ZodOptional", (inst, def) => {
	$ZodType.init(inst, def);
	defineLazyInternal(inst, "optin", (zod) => zod.def.innerType._zod.optin === "defaulted" ? "defaulted" : "optional");
	inst._zod.optout = "optional";
	defineLazyInternal(inst, "values", (zod) => {
		const values = zod.def.innerType._zod.values;
		return values ? new Set([...values, void 0]) : void 0;
	});
	defineLazyInternal(inst, "pattern", (zod) => {
		const pattern = zod.def.innerType._zod.pattern;
		return pattern ? new RegExp(`^(${cleanRegex(pattern.source)})?$`) : void 0;
	});
	inst._zod.parse = (payload, ctx) => {
		if (payload.value === void 0) {
			if (def.innerType._zod.optin !== "defaulted") return payload;
			const result = def.innerType._zod.run({
				value: payload.value,
				issues: []
			}, ctx);
			if (result instanceof Promise) return result.then((result) => handleOptionalResult(payload, result));
			return handleOptionalResult(payload, result);
		}
		return def.innerType._zod.run(payload, ctx);
	};
});
const $ZodExactOptional = $constructor("$ZodExactOptional", (inst, def) => {
	$ZodOptional.init(inst, def);
	defineLazyInternal(inst, "values", (zod) => zod.def.innerType._zod.values);
	defineLazyInternal(inst, "pattern", (zod) => zod.def.innerType._zod.pattern);
	inst._zod.parse = (payload, ctx) => {
		return def.innerType._zod.run(payload, ctx);
	};
});
const $ZodNullable = $constructor("$ZodNullable", (inst, def) => {
	$ZodType.init(inst, def);
	defineLazyInternal(inst, "optin", (zod) => zod.def.innerType._zod.optin);
	defineLazyInternal(inst, "optout", (zod) => zod.def.innerType._zod.optout);
	defineLazyInternal(inst, "pattern", (zod) => {
		const pattern = zod.def.innerType._zod.pattern;
		return pattern ? new RegExp(`^(${cleanRegex(pattern.source)}|null)$`) : void 0;
	});
	defineLazyInternal(inst, "values", (zod) => {
		return zod.def.innerType._zod.values ? new Set([...zod.def.innerType._zod.values, null]) : void 0;
	});
	inst._zod.parse = (payload, ctx) => {
		if (payload.value === null) return payload;
		return def.innerType._zod.run(payload, ctx);
	};
});
const $ZodPipe = $constructor("$ZodPipe", (inst, def) => {
	$ZodType.init(inst, def);
	defineLazyInternal(inst, "values", (zod) => zod.def.in._zod.values);
	defineLazyInternal(inst, "optin", (zod) => zod.def.in._zod.optin);
	defineLazyInternal(inst, "optout", (zod) => zod.def.out._zod.optout);
	defineLazyInternal(inst, "propValues", (zod) => zod.def.in._zod.propValues);
	inst._zod.parse = (payload, ctx) => {
		if (ctx.direction === "backward") {
			const right = def.out._zod.run(payload, ctx);
			if (right instanceof Promise) return right.then((right) => handlePipeResult(right, def.in, ctx));
			return handlePipeResult(right, def.in, ctx);
		}
		const left = def.in._zod.run(payload, ctx);
		if (left instanceof Promise) return left.then((left) => handlePipeResult(left, def.out, ctx));
		return handlePipeResult(left, def.out, ctx);
	};
});
function handlePipeResult(left, next, ctx) {
	if (left.issues.some((iss) => iss.code !== "unrecognized_keys")) {
		left.aborted = true;
		return left;
	}
	return next._zod.run({
		value: left.value,
		issues: left.issues
	}, ctx);
}
const $ZodCodec = $constructor("$ZodCodec", (inst, def) => {
	$ZodType.init(inst, def);
	defineLazyInternal(inst, "values", (zod) => zod.def.in._zod.values);
	defineLazyInternal(inst, "optin", (zod) => zod.def.in._zod.optin);
	defineLazyInternal(inst, "optout", (zod) => zod.def.out._zod.optout);
	defineLazyInternal(inst, "propValues", (zod) => zod.def.in._zod.propValues);
	inst._zod.parse = (payload, ctx) => {
		if ((ctx.direction || "forward") === "forward") {
			const left = def.in._zod.run(payload, ctx);
			if (left instanceof Promise) return left.then((left) => handleCodecAResult(left, def, ctx));
			return handleCodecAResult(left, def, ctx);
		} else {
			const right = def.out._zod.run(payload, ctx);
			if (right instanceof Promise) return right.then((right) => handleCodecAResult(right, def, ctx));
			return handleCodecAResult(right, def, ctx);
		}
	};
});
function handleCodecAResult(result, def, ctx) {
	if (result.issues.length) {
		result.aborted = true;
		return result;
	}
	if ((ctx.direction || "forward") === "forward") {
		const transformed = def.transform(result.value, result);
		if (transformed instanceof Promise) return transformed.then((value) => handleCodecTxResult(result, value, def.out, ctx));
		return handleCodecTxResult(result, transformed, def.out, ctx);
	} else {
		const transformed = def.reverseTransform(result.value, result);
		if (transformed instanceof Promise) return transformed.then((value) => handleCodecTxResult(result, value, def.in, ctx));
		return handleCodecTxResult(result, transformed, def.in, ctx);
	}
}
function handleCodecTxResult(left, value, nextSchema, ctx) {
	if (left.issues.length) {
		left.aborted = true;
		return left;
	}
	return nextSchema._zod.run({
		value,
		issues: left.issues
	}, ctx);
}
const $ZodCustom = $constructor("$ZodCustom", (inst, def) => {
	$ZodCheck.init(inst, def);
	$ZodType.init(inst, def);
	inst._zod.parse = (payload, _) => {
		return payload;
	};
	inst._zod.check = (payload) => {
		const input = payload.value;
		const r = def.fn(input);
		if (r instanceof Promise) return r.then((r) => handleRefineResult(r, payload, input, inst));
		handleRefineResult(r, payload, input, inst);
	};
});
function handleRefineResult(result, payload, input, inst) {
	if (!result) {
		const _iss = {
			code: "custom",
			input,
			inst,
			path: [...inst._zod.def.path ?? []],
			continue: !inst._zod.def.abort
		};
		if (inst._zod.def.params) _iss.params = inst._zod.def.params;
		payload.issues.push(issue(_iss));
	}
}
// node_modules/zod/v4/core/api.js
function snapshotChecks(def) {
	if (def.checks) def.checks = [...def.checks];
	return def;
}
function _string(Class, params) {
	return new Class(snapshotChecks({
		type: "string",
		...normalizeParams(params)
	}));
}
function _isoDateTime(Class, params) {
	return new Class({
		type: "string",
		format: "datetime",
		check: "string_format",
		offset: false,
		local: false,
		precision: null,
		...normalizeParams(params)
	});
}
function _number(Class, params) {
	return new Class(snapshotChecks({
		type: "number",
		checks: [],
		...normalizeParams(params)
	}));
}
function _boolean(Class, params) {
	return new Class({
		type: "boolean",
		...normalizeParams(params)
	});
}
function _unknown(Class) {
	return new Class({ type: "unknown" });
}
function _gt(value, params) {
	return new $ZodCheckGreaterThan({
		check: "greater_than",
		...normalizeParams(params),
		value,
		inclusive: false
	});
}
function _gte(value, params) {
	return new $ZodCheckGreaterThan({
		check: "greater_than",
		...normalizeParams(params),
		value,
		inclusive: true
	});
}
function _positive(params) {
	return _gt(0, params);
}
function _regex(pattern, params) {
	return new $ZodCheckRegex({
		check: "string_format",
		format: "regex",
		...normalizeParams(params),
		pattern
	});
}
function _custom(Class, fn, _params) {
	const norm = normalizeParams(_params);
	norm.abort ?? (norm.abort = true);
	return new Class({
		type: "custom",
		check: "custom",
		fn,
		...norm
	});
}
function _refine(Class, fn, _params) {
	return new Class({
		type: "custom",
		check: "custom",
		fn,
		...normalizeParams(_params)
	});
}
function _stringbool(Classes, _params) {
	const params = normalizeParams(_params);
	let truthyArray = params.truthy ?? [
		"true",
		"1",
		"yes",
		"on",
		"y",
		"enabled"
	];
	let falsyArray = params.falsy ?? [
		"false",
		"0",
		"no",
		"off",
		"n",
		"disabled"
	];
	if (params.case !== "sensitive") {
		truthyArray = truthyArray.map((v) => typeof v === "string" ? v.toLowerCase() : v);
		falsyArray = falsyArray.map((v) => typeof v === "string" ? v.toLowerCase() : v);
	}
	const truthySet = new Set(truthyArray);
	const falsySet = new Set(falsyArray);
	const _Codec = Classes.Codec ?? $ZodCodec;
	const _Boolean = Classes.Boolean ?? $ZodBoolean;
	const codec = new _Codec({
		type: "pipe",
		in: new (Classes.String ?? $ZodString)({
			type: "string",
			error: params.error
		}),
		out: new _Boolean({
			type: "boolean",
			error: params.error
		}),
		transform: ((input, payload) => {
			let data = input;
			if (params.case !== "sensitive") data = data.toLowerCase();
			if (truthySet.has(data)) return true;
			else if (falsySet.has(data)) return false;
			else {
				payload.issues.push({
					code: "invalid_value",
					expected: "stringbool",
					values: [...truthySet, ...falsySet],
					input: payload.value,
					inst: codec,
					continue: false
				});
				return {};
			}
		}),
		reverseTransform: ((input, _payload) => {
			if (input === true) return truthyArray[0] || "true";
			else return falsyArray[0] || "false";
		}),
		error: params.error
	});
	codec._zod.bag.truthy = truthyArray;
	codec._zod.bag.falsy = falsyArray;
	codec._zod.bag.case = params.case ?? "insensitive";
	return codec;
}
// node_modules/zod/v4/mini/schemas.js
const ZodMiniType = $constructor("ZodMiniType", (inst, def) => {
	if (!inst._zod) throw new Error("Uninitialized schema in ZodMiniType.");
	$ZodType.init(inst, def);
	inst.def = def;
	inst.type = def.type;
}, {
	get with() {
		return this.check;
	},
	set with(value) {
		own(this, "with", value);
	},
	parse(data, params) {
		return parse$1(this, data, params, { callee: this.parse });
	},
	parseAsync(data, params) {
		return parseAsync(this, data, params, { callee: this.parseAsync });
	},
	safeParse(data, params) {
		return safeParse(this, data, params);
	},
	safeParseAsync(data, params) {
		return safeParseAsync(this, data, params);
	},
	check(...checks) {
		const def = this.def;
		return this.clone({
			...def,
			checks: [...def.checks ?? [], ...checks.map((ch) => typeof ch === "function" ? { _zod: {
				check: ch,
				def: { check: "custom" },
				onattach: []
			} } : ch)]
		}, { parent: true });
	},
	clone(_def, params) {
		return clone(this, _def, params);
	},
	brand() {
		return this;
	},
	register(reg, meta) {
		reg.add(this, meta);
		return this;
	},
	apply(fn, ...args) {
		return args.length === 0 ? fn(this) : fn(this, ...args);
	}
});
const ZodMiniString = $constructor("ZodMiniString", (inst, def) => {
	$ZodString.init(inst, def);
	ZodMiniType.init(inst, def);
});
function string(params) {
	return _string(ZodMiniString, params);
}
const ZodMiniStringFormat = $constructor("ZodMiniStringFormat", (inst, def) => {
	$ZodStringFormat.init(inst, def);
	ZodMiniString.init(inst, def);
});
const ZodMiniNumber = $constructor("ZodMiniNumber", (inst, def) => {
	$ZodNumber.init(inst, def);
	ZodMiniType.init(inst, def);
});
function number$1(params) {
	return _number(ZodMiniNumber, params);
}
const ZodMiniBoolean = $constructor("ZodMiniBoolean", (inst, def) => {
	$ZodBoolean.init(inst, def);
	ZodMiniType.init(inst, def);
});
function boolean(params) {
	return _boolean(ZodMiniBoolean, params);
}
const ZodMiniUnknown = $constructor("ZodMiniUnknown", (inst, def) => {
	$ZodUnknown.init(inst, def);
	ZodMiniType.init(inst, def);
});
function unknown() {
	return _unknown(ZodMiniUnknown);
}
const ZodMiniArray = $constructor("ZodMiniArray", (inst, def) => {
	$ZodArray.init(inst, def);
	ZodMiniType.init(inst, def);
});
function array(element, params) {
	return new ZodMiniArray({
		type: "array",
		element,
		...normalizeParams(params)
	});
}
const ZodMiniObject = $constructor("ZodMiniObject", (inst, def) => {
	$ZodObject.init(inst, def);
	ZodMiniType.init(inst, def);
	installLazyProp(inst, "shape", (self) => self._zod.def.shape, false);
});
function object(shape, params) {
	const def = {
		type: "object",
		shape: shape ?? {},
		...normalizeParams(params)
	};
	return new ZodMiniObject(def);
}
function looseObject(shape, params) {
	return new ZodMiniObject({
		type: "object",
		shape,
		catchall: unknown(),
		...normalizeParams(params)
	});
}
const ZodMiniEnum = $constructor("ZodMiniEnum", (inst, def) => {
	$ZodEnum.init(inst, def);
	ZodMiniType.init(inst, def);
	inst.options = [...inst._zod.values];
});
function _enum(values, params) {
	const entries = Array.isArray(values) ? Object.fromEntries(values.map((v) => [v, v])) : values;
	return new ZodMiniEnum({
		type: "enum",
		entries,
		...normalizeParams(params)
	});
}
const ZodMiniTransform = $constructor("ZodMiniTransform", (inst, def) => {
	$ZodTransform.init(inst, def);
	ZodMiniType.init(inst, def);
});
function transform(fn) {
	return new ZodMiniTransform({
		type: "transform",
		transform: fn
	});
}
const ZodMiniOptional = $constructor("ZodMiniOptional", (inst, def) => {
	$ZodOptional.init(inst, def);
	ZodMiniType.init(inst, def);
});
function optional(innerType) {
	return new ZodMiniOptional({
		type: "optional",
		innerType
	});
}
const ZodMiniExactOptional = $constructor("ZodMiniExactOptional", (inst, def) => {
	$ZodExactOptional.init(inst, def);
	ZodMiniType.init(inst, def);
});
function exactOptional(innerType) {
	return new ZodMiniExactOptional({
		type: "optional",
		innerType
	});
}
const ZodMiniNullable = $constructor("ZodMiniNullable", (inst, def) => {
	$ZodNullable.init(inst, def);
	ZodMiniType.init(inst, def);
});
function nullable(innerType) {
	return new ZodMiniNullable({
		type: "nullable",
		innerType
	});
}
const ZodMiniPipe = $constructor("ZodMiniPipe", (inst, def) => {
	$ZodPipe.init(inst, def);
	ZodMiniType.init(inst, def);
});
function pipe(in_, out) {
	return new ZodMiniPipe({
		type: "pipe",
		in: in_,
		out
	});
}
const ZodMiniCodec = $constructor("ZodMiniCodec", (inst, def) => {
	ZodMiniPipe.init(inst, def);
	$ZodCodec.init(inst, def);
});
const ZodMiniCustom = $constructor("ZodMiniCustom", (inst, def) => {
	$ZodCustom.init(inst, def);
	ZodMiniType.init(inst, def);
});
function custom(fn, _params) {
	return _custom(ZodMiniCustom, fn ?? (() => true), _params);
}
function refine(fn, _params = {}) {
	return _refine(ZodMiniCustom, fn, _params);
}
const stringbool = (...args) => _stringbool({
	Codec: ZodMiniCodec,
	Boolean: ZodMiniBoolean,
	String: ZodMiniString
}, ...args);
// node_modules/zod/v4/mini/iso.js
const ZodMiniISODateTime = $constructor("ZodMiniISODateTime", (inst, def) => {
	$ZodISODateTime.init(inst, def);
	ZodMiniStringFormat.init(inst, def);
});
function datetime(params) {
	return _isoDateTime(ZodMiniISODateTime, params);
}
// src/errors.ts
function problemLine({ name, message }) {
	return `${name}: ${message}`;
}
var FormError = class extends Error {
	name = "FormError";
};
function problemOf(name, path, error) {
	if (!(error instanceof FormError)) throw error;
	return {
		name,
		message: `${path} ${error.message}`
	};
}
var InputError = class InputError extends Error {
	name = "InputError";
	problems;
	constructor(problems) {
		super(problems.map(problemLine).join("\n"));
		this.problems = problems;
	}
	static of(name, message) {
		return new InputError([{
			name,
			message
		}]);
	}
};
var ApiError = class extends Error {
	name = "ApiError";
	summary;
	status;
	attempts;
	advice;
	isTransient;
	constructor(summary, { status, attempts, advice, isTransient }) {
		super(advice ? `${summary}${/[.!?\u2026]$/.test(summary) ? "" : "."} ${advice}` : summary);
		this.summary = summary;
		this.status = status;
		this.attempts = attempts;
		this.advice = advice;
		this.isTransient = isTransient;
	}
};
function headlineOf(thrown) {
	if (!(thrown instanceof Error)) return oneLine(typeof thrown === "string" ? thrown : (0, node_util.inspect)(thrown));
	const [first] = thrown instanceof AggregateError ? thrown.errors : [];
	return oneLine(thrown.message) || (first ? headlineOf(first) : codeOf(thrown) || thrown.name);
}
function codeOf(thrown) {
	const code = thrown?.code;
	return typeof code === "string" ? code : "";
}
function oneLine(text) {
	return text.trim().replace(/[\r\n]+/g, " ");
}
// src/present.ts
function present(items) {
	return items.filter((item) => Boolean(item));
}
function defined(values) {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== void 0));
}
// src/text.ts
function cut(text, maxLength) {
	return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, "")}\u2026`;
}
function cutBytes(text, maxBytes) {
	if (Buffer.byteLength(text) <= maxBytes) return text;
	const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes - Buffer.byteLength("\u2026")));
	return `${text.slice(0, read)}\u2026`;
}
function quoted(text) {
	return `"${cut(text, 200)}"`;
}
function counted(count, noun) {
	return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
function listed(names) {
	return present([...names.slice(0, 10).map((name) => cut(name, 100)), names.length > 10 && "\u2026"]).join(", ");
}
function firstOf(lines, max, total = lines.length) {
	const shown = lines.slice(0, max);
	return total > shown.length ? [...shown, `and ${total - shown.length} more`] : shown;
}
function mibText(bytes) {
	return `${Math.ceil(bytes / 1024 / 1024 * 10) / 10} MiB`;
}
const UNITS = [
	[864e5, "day"],
	[36e5, "hour"],
	[6e4, "minute"]
];
function ageText(ms) {
	const [size, unit] = UNITS.find(([length]) => ms >= length) ?? [1e3, "second"];
	return counted(Math.floor(Math.max(0, ms) / size), unit);
}
function secondsText(ms) {
	const seconds = Math.min(ms / 1e3, Number.MAX_SAFE_INTEGER);
	return `${seconds < 100 ? Number(seconds.toPrecision(3)) : Math.round(seconds)} s`;
}
function textOf(value) {
	if (value === void 0 || value === null) return "";
	return typeof value === "string" ? value : JSON.stringify(value);
}
// src/json-text.ts
const [SPACE, QUOTE, COMMA, COLON] = [
	32,
	34,
	44,
	58
];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [
	91,
	93,
	123,
	125
];
const VALUE = {
	expected: "a value",
	isValue: true
};
const FIRST_ITEM = {
	expected: "a value or ]",
	isValue: true,
	closer: CLOSE_ARRAY
};
const NEXT_ITEM = {
	expected: "a comma or ]",
	closer: CLOSE_ARRAY,
	afterComma: VALUE
};
const NAME = {
	expected: "a name in double quotes",
	isName: true
};
const FIRST_NAME = {
	expected: "a name in double quotes or }",
	isName: true,
	closer: CLOSE_OBJECT
};
const AFTER_NAME = { expected: "a colon" };
const NEXT_NAME = {
	expected: "a comma or }",
	closer: CLOSE_OBJECT,
	afterComma: NAME
};
const END = { expected: "nothing more" };
const PLAIN = /[^"\\\0-\x1f]*/y;
const ESCAPE = /(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))?/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)?/y;
const NOT_A_NUMBER = /(?:-?(?:NaN|Infinity))?/y;
const CONTROLS = {
	"\n": ["a line break", "\\n"],
	"\r": ["a line break", "\\r"],
	"	": ["a tab", "\\t"]
};
function faultIn(text, line) {
	return faultText(text, scan(text), line);
}
function withoutNaN(text, line) {
	let written = "";
	let parts = [];
	let from = 0;
	const fault = scan(text, (start, end) => {
		parts.push(text.slice(from, start), "null");
		from = end;
		if (parts.length < 1e4) return;
		written += parts.join("");
		parts = [];
	});
	if (fault) return {
		text,
		fault: faultText(text, fault, line)
	};
	return { text: written + parts.join("") + text.slice(from) };
}
function faultText(text, fault, line = 1) {
	if (fault === void 0) return void 0;
	const { at, expected, found = foundAt(text, at) } = fault;
	return `${placeOf(text, at, line)}: expected ${expected}, found ${found}`;
}
function placeTooDeep(text, maxDepth, line = 1) {
	const tooMany = maxDepth + 2;
	if (text.split(/[[{]/, tooMany).length < tooMany) return void 0;
	let depth = 0;
	for (let at = 0; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (code === QUOTE) at = closingQuote(text, at);
		else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
		else if ((code === OPEN_ARRAY || code === OPEN_OBJECT) && ++depth > maxDepth) return placeOf(text, at, line);
	}
}
function placeOf(text, offset, firstLine) {
	let line = firstLine;
	let start = 0;
	for (let end = text.indexOf("\n"); end !== -1 && end < offset; end = text.indexOf("\n", start)) {
		line++;
		start = end + 1;
	}
	return `line ${line}, column ${offset - start + 1}`;
}
function scan(text, onNaN) {
	const outer = [];
	let next = END;
	let state = VALUE;
	let at = 0;
	while (at < text.length) {
		const code = text.charCodeAt(at);
		if (code === SPACE || code === 10 || code === 13 || code === 9) at++;
		else if (code === QUOTE && (state.isValue || state.isName)) {
			const end = endOfString(text, at);
			if (typeof end !== "number") return end;
			at = end;
			state = state.isName ? AFTER_NAME : next;
		} else if (state.isValue && (code === OPEN_ARRAY || code === OPEN_OBJECT)) {
			at++;
			outer.push(next);
			next = code === OPEN_ARRAY ? NEXT_ITEM : NEXT_NAME;
			state = code === OPEN_ARRAY ? FIRST_ITEM : FIRST_NAME;
		} else if (code === state.closer) {
			at++;
			next = outer.pop() ?? END;
			state = next;
		} else if (code === COMMA && state.afterComma) {
			at++;
			state = state.afterComma;
		} else if (code === COLON && state === AFTER_NAME) {
			at++;
			state = VALUE;
		} else {
			let end = state.isValue ? endOf(SCALAR, text, at) : at;
			if (end === at && state.isValue && onNaN) {
				end = endOf(NOT_A_NUMBER, text, at);
				onNaN(at, end);
			}
			if (end === at) return {
				at,
				expected: state.expected
			};
			at = end;
			state = next;
		}
	}
	return state === END ? void 0 : {
		at,
		expected: state.expected
	};
}
function closingQuote(text, start) {
	for (let at = text.indexOf("\"", start + 1); at !== -1; at = text.indexOf("\"", at + 1)) {
		let escapes = 0;
		while (text.charAt(at - 1 - escapes) === "\\") escapes++;
		if (escapes % 2 === 0) return at;
	}
	return text.length;
}
function endOfString(text, start) {
	let at = endOf(PLAIN, text, start + 1);
	while (text.charAt(at) === "\\") {
		const end = endOf(ESCAPE, text, at);
		if (end === at) return {
			at,
			expected: "an escape such as \\n or \\\\",
			found: text.slice(at, at + 2)
		};
		at = endOf(PLAIN, text, end);
	}
	const character = text.charAt(at);
	if (character === "\"") return at + 1;
	if (character === "") return {
		at: start,
		expected: "a string with a quote at its end",
		found: foundAt(text, at)
	};
	const [name, expected] = CONTROLS[character] ?? ["a control character", "an escape such as \\u0000"];
	return {
		at,
		expected,
		found: `${name} in a string`
	};
}
function endOf(pattern, text, at) {
	pattern.lastIndex = at;
	pattern.test(text);
	return pattern.lastIndex;
}
function foundAt(text, at) {
	const [word = ""] = /^(?:[^\s,:{}[\]"]+|.)/su.exec(text.slice(at, at + 40)) ?? [];
	if (/^-?(?:NaN|Infinity)$/.test(word)) return `${word}, which JSON does not have: leave it out, or write null in meta`;
	if (/^\/[/*]/.test(word)) return "a comment, which JSON does not have";
	if (/^[\s\p{C}]/u.test(word)) return `U+${word.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
	return word === "" ? "the end of the text" : cut(word, 20);
}
// src/json.ts
const MAX_DEPTH = 1e3;
function parseJson(text, maxDepth = MAX_DEPTH) {
	const source = text.replace(/^\uFEFF/, "");
	checkDepth(source, maxDepth);
	return parse(source, () => faultIn(source));
}
function parseResultsJson(text, line = 1) {
	checkDepth(text, MAX_DEPTH, line);
	if (!text.includes("NaN") && !text.includes("Infinity")) return parse(text, () => faultIn(text, line));
	const finite = withoutNaN(text, line);
	return parse(finite.text, () => finite.fault);
}
function parse(text, fault) {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new FormError(`is not JSON: ${fault() ?? error.message}`);
	}
}
function parseExactJson(text, maxDepth = MAX_DEPTH) {
	const value = parseJson(text, maxDepth);
	if (!MAY_BE_REWRITTEN.test(text)) return value;
	const exact = (_key, value, { source }) => typeof value === "number" && source !== String(value) ? JSON.rawJSON(source) : value;
	return JSON.parse(text.replace(/^\uFEFF/, ""), exact);
}
const MAY_BE_REWRITTEN = /[\d.]{16}|\d[eE]|\.\d*0(?!\d)|-0(?![.\d])|0\.0{6}/;
function isJsonObject(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
function kindOf(value) {
	if (value === null) return "null";
	if (Array.isArray(value)) return "an array";
	if (JSON.isRawJSON(value)) return "a number";
	return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
function numberOf(value) {
	if (typeof value === "number") return value;
	return JSON.isRawJSON(value) ? Number(value.rawJSON) : void 0;
}
function sameJson(a, b) {
	return a === b || JSON.stringify(a, canonical) === JSON.stringify(b, canonical);
}
function canonical(_key, value) {
	if (JSON.isRawJSON(value)) {
		const double = Number(value.rawJSON);
		return Number.isFinite(double) && (Number.isSafeInteger(double) || !/^-?\d+$/.test(value.rawJSON)) ? double : value;
	}
	if (!isJsonObject(value)) return value;
	const keys = Object.keys(value).sort();
	return Object.fromEntries(keys.map((key) => [key, value[key]]));
}
function checkDepth(text, maxDepth, line) {
	const place = placeTooDeep(text, maxDepth, line);
	if (place) throw new FormError(`is nested too deeply: ${place}: more than ${maxDepth} levels`);
}
// src/timestamp.ts
const UNIX_SECONDS = /^(\d{10})(\.\d{1,9})?$/;
const UNIX_MILLISECONDS = /^\d{13}$/;
const DATE_AND_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;
const WITH_OFFSET = datetime({ offset: true });
function parseTimestamp(text, now) {
	if (text === "now") return now.toISOString();
	const [, seconds, fraction = ""] = UNIX_SECONDS.exec(text) ?? [];
	if (seconds !== void 0) return new Date(Number(seconds) * 1e3).toISOString().replace(".000Z", `${fraction}Z`);
	if (UNIX_MILLISECONDS.test(text)) return new Date(Number(text)).toISOString();
	if (isTime(text)) return text;
	throw new FormError(`${quoted(text)} ${faultOf(text)}`);
}
function instantOf(timestamp) {
	if (!timestamp) return void 0;
	const complete = isTime(timestamp) ? timestamp : `${timestamp}Z`;
	return isTime(complete) ? Date.parse(normal(complete)) : void 0;
}
function isTime(text) {
	return safeParse(WITH_OFFSET, normal(text)).success;
}
function normal(text) {
	return text.toUpperCase().replace(" ", "T");
}
function faultOf(text) {
	if (/^\d+$/.test(text)) return `has ${counted(text.length, "digit")}. Unix time has 10 for seconds or 13 for milliseconds`;
	if (/:\d\d.*[+-]\d{4}$/.test(text)) return "has an offset without a colon. Write it as +02:00";
	if (isTime(`${text}Z`)) return "has no offset. Add Z for UTC, or an offset such as +02:00";
	if (DATE_AND_TIME.test(normal(text))) return "is a date or time that does not exist";
	return "is not a time. Write now, a time such as 2026-04-07T13:33:27Z, or Unix time (10 digits for seconds, 13 for milliseconds)";
}
// src/api/schema.ts
const orNull = (schema) => exactOptional(nullable(schema));
const text = string("expected text");
const textOrNull = orNull(text);
const objectOrNull = orNull(custom(isJsonObject, "expected an object"));
const double = pipe(transform((value) => numberOf(value)), number$1("expected a number"));
const pageOf = (entry) => object({
	meta: object({ total_count: double }, "expected an object"),
	data: array(entry, "expected a list")
});
// src/api/span.ts
const SPAN_FIELDS = [
	"score",
	"error",
	"meta",
	"end_time",
	"start_time",
	"name",
	"type",
	"input",
	"output"
];
const jsonOrNull = orNull(custom());
const number = custom((value) => numberOf(value) !== void 0, "expected a number");
const Span = looseObject({
	id: text,
	name: text,
	trace_id: textOrNull,
	parent_id: textOrNull,
	type: textOrNull,
	start_time: textOrNull,
	end_time: textOrNull,
	input: jsonOrNull,
	output: jsonOrNull,
	error: textOrNull,
	meta: objectOrNull,
	score: orNull(number),
	feedback: orNull(looseObject({
		score: orNull(number),
		comment: textOrNull
	}, "expected an object"))
});
function fieldsOf(values) {
	const given = SPAN_FIELDS.filter((field) => values[field] !== void 0);
	return Object.fromEntries(given.map((field) => [field, values[field]]));
}
function durationMsOf({ start_time, end_time }) {
	const [start, end] = [start_time, end_time].map(instantOf);
	return start === void 0 || end === void 0 ? void 0 : end - start;
}
// src/results/tests.ts
const CASE_STATUSES = [
	"passed",
	"skipped",
	"failed",
	"errored"
];
function isFailing(status) {
	return status === "failed" || status === "errored";
}
function failingCount({ failed, errored }) {
	return failed + errored;
}
function passRateOf({ passed, failed, errored }) {
	return passed / (passed + failed + errored);
}
Object.defineProperty(exports, "ApiError", ({
	enumerable: true,
	get: function() {
		return ApiError;
	}
}));
Object.defineProperty(exports, "CASE_STATUSES", ({
	enumerable: true,
	get: function() {
		return CASE_STATUSES;
	}
}));
Object.defineProperty(exports, "FormError", ({
	enumerable: true,
	get: function() {
		return FormError;
	}
}));
Object.defineProperty(exports, "InputError", ({
	enumerable: true,
	get: function() {
		return InputError;
	}
}));
Object.defineProperty(exports, "NEVER", ({
	enumerable: true,
	get: function() {
		return NEVER;
	}
}));
Object.defineProperty(exports, "SPAN_FIELDS", ({
	enumerable: true,
	get: function() {
		return SPAN_FIELDS;
	}
}));
Object.defineProperty(exports, "Span", ({
	enumerable: true,
	get: function() {
		return Span;
	}
}));
Object.defineProperty(exports, "_enum", ({
	enumerable: true,
	get: function() {
		return _enum;
	}
}));
Object.defineProperty(exports, "_gte", ({
	enumerable: true,
	get: function() {
		return _gte;
	}
}));
Object.defineProperty(exports, "_positive", ({
	enumerable: true,
	get: function() {
		return _positive;
	}
}));
Object.defineProperty(exports, "_regex", ({
	enumerable: true,
	get: function() {
		return _regex;
	}
}));
Object.defineProperty(exports, "ageText", ({
	enumerable: true,
	get: function() {
		return ageText;
	}
}));
Object.defineProperty(exports, "array", ({
	enumerable: true,
	get: function() {
		return array;
	}
}));
Object.defineProperty(exports, "boolean", ({
	enumerable: true,
	get: function() {
		return boolean;
	}
}));
Object.defineProperty(exports, "codeOf", ({
	enumerable: true,
	get: function() {
		return codeOf;
	}
}));
Object.defineProperty(exports, "config", ({
	enumerable: true,
	get: function() {
		return config;
	}
}));
Object.defineProperty(exports, "counted", ({
	enumerable: true,
	get: function() {
		return counted;
	}
}));
Object.defineProperty(exports, "cut", ({
	enumerable: true,
	get: function() {
		return cut;
	}
}));
Object.defineProperty(exports, "cutBytes", ({
	enumerable: true,
	get: function() {
		return cutBytes;
	}
}));
Object.defineProperty(exports, "defined", ({
	enumerable: true,
	get: function() {
		return defined;
	}
}));
Object.defineProperty(exports, "double", ({
	enumerable: true,
	get: function() {
		return double;
	}
}));
Object.defineProperty(exports, "durationMsOf", ({
	enumerable: true,
	get: function() {
		return durationMsOf;
	}
}));
Object.defineProperty(exports, "failingCount", ({
	enumerable: true,
	get: function() {
		return failingCount;
	}
}));
Object.defineProperty(exports, "fieldsOf", ({
	enumerable: true,
	get: function() {
		return fieldsOf;
	}
}));
Object.defineProperty(exports, "firstOf", ({
	enumerable: true,
	get: function() {
		return firstOf;
	}
}));
Object.defineProperty(exports, "headlineOf", ({
	enumerable: true,
	get: function() {
		return headlineOf;
	}
}));
Object.defineProperty(exports, "instantOf", ({
	enumerable: true,
	get: function() {
		return instantOf;
	}
}));
Object.defineProperty(exports, "isFailing", ({
	enumerable: true,
	get: function() {
		return isFailing;
	}
}));
Object.defineProperty(exports, "isJsonObject", ({
	enumerable: true,
	get: function() {
		return isJsonObject;
	}
}));
Object.defineProperty(exports, "kindOf", ({
	enumerable: true,
	get: function() {
		return kindOf;
	}
}));
Object.defineProperty(exports, "listed", ({
	enumerable: true,
	get: function() {
		return listed;
	}
}));
Object.defineProperty(exports, "looseObject", ({
	enumerable: true,
	get: function() {
		return looseObject;
	}
}));
Object.defineProperty(exports, "mibText", ({
	enumerable: true,
	get: function() {
		return mibText;
	}
}));
Object.defineProperty(exports, "number", ({
	enumerable: true,
	get: function() {
		return number$1;
	}
}));
Object.defineProperty(exports, "numberOf", ({
	enumerable: true,
	get: function() {
		return numberOf;
	}
}));
Object.defineProperty(exports, "object", ({
	enumerable: true,
	get: function() {
		return object;
	}
}));
Object.defineProperty(exports, "objectOrNull", ({
	enumerable: true,
	get: function() {
		return objectOrNull;
	}
}));
Object.defineProperty(exports, "optional", ({
	enumerable: true,
	get: function() {
		return optional;
	}
}));
Object.defineProperty(exports, "orNull", ({
	enumerable: true,
	get: function() {
		return orNull;
	}
}));
Object.defineProperty(exports, "pageOf", ({
	enumerable: true,
	get: function() {
		return pageOf;
	}
}));
Object.defineProperty(exports, "parse", ({
	enumerable: true,
	get: function() {
		return parse$1;
	}
}));
Object.defineProperty(exports, "parseExactJson", ({
	enumerable: true,
	get: function() {
		return parseExactJson;
	}
}));
Object.defineProperty(exports, "parseJson", ({
	enumerable: true,
	get: function() {
		return parseJson;
	}
}));
Object.defineProperty(exports, "parseResultsJson", ({
	enumerable: true,
	get: function() {
		return parseResultsJson;
	}
}));
Object.defineProperty(exports, "parseTimestamp", ({
	enumerable: true,
	get: function() {
		return parseTimestamp;
	}
}));
Object.defineProperty(exports, "passRateOf", ({
	enumerable: true,
	get: function() {
		return passRateOf;
	}
}));
Object.defineProperty(exports, "pipe", ({
	enumerable: true,
	get: function() {
		return pipe;
	}
}));
Object.defineProperty(exports, "present", ({
	enumerable: true,
	get: function() {
		return present;
	}
}));
Object.defineProperty(exports, "problemLine", ({
	enumerable: true,
	get: function() {
		return problemLine;
	}
}));
Object.defineProperty(exports, "problemOf", ({
	enumerable: true,
	get: function() {
		return problemOf;
	}
}));
Object.defineProperty(exports, "quoted", ({
	enumerable: true,
	get: function() {
		return quoted;
	}
}));
Object.defineProperty(exports, "refine", ({
	enumerable: true,
	get: function() {
		return refine;
	}
}));
Object.defineProperty(exports, "safeParse", ({
	enumerable: true,
	get: function() {
		return safeParse;
	}
}));
Object.defineProperty(exports, "sameJson", ({
	enumerable: true,
	get: function() {
		return sameJson;
	}
}));
Object.defineProperty(exports, "secondsText", ({
	enumerable: true,
	get: function() {
		return secondsText;
	}
}));
Object.defineProperty(exports, "string", ({
	enumerable: true,
	get: function() {
		return string;
	}
}));
Object.defineProperty(exports, "stringbool", ({
	enumerable: true,
	get: function() {
		return stringbool;
	}
}));
Object.defineProperty(exports, "text", ({
	enumerable: true,
	get: function() {
		return text;
	}
}));
Object.defineProperty(exports, "textOf", ({
	enumerable: true,
	get: function() {
		return textOf;
	}
}));
Object.defineProperty(exports, "textOrNull", ({
	enumerable: true,
	get: function() {
		return textOrNull;
	}
}));
Object.defineProperty(exports, "transform", ({
	enumerable: true,
	get: function() {
		return transform;
	}
}));

})();

module.exports = __webpack_exports__;
/******/ })()
;