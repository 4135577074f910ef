/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

/***/ 632:
/***/ ((module) => {

"use strict";
module.exports = require("./read-results.js");

/***/ }),

/***/ 982:
/***/ ((module) => {

"use strict";
module.exports = require("crypto");

/***/ }),

/***/ 896:
/***/ ((module) => {

"use strict";
module.exports = require("fs");

/***/ }),

/***/ 573:
/***/ ((module) => {

"use strict";
module.exports = require("node:buffer");

/***/ }),

/***/ 598:
/***/ ((module) => {

"use strict";
module.exports = require("node:crypto");

/***/ }),

/***/ 24:
/***/ ((module) => {

"use strict";
module.exports = require("node:fs");

/***/ }),

/***/ 30:
/***/ ((module) => {

"use strict";
module.exports = require("node:net");

/***/ }),

/***/ 161:
/***/ ((module) => {

"use strict";
module.exports = require("node:os");

/***/ }),

/***/ 760:
/***/ ((module) => {

"use strict";
module.exports = require("node:path");

/***/ }),

/***/ 975:
/***/ ((module) => {

"use strict";
module.exports = require("node:util");

/***/ }),

/***/ 857:
/***/ ((module) => {

"use strict";
module.exports = require("os");

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
// \0rolldown/runtime.js
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __commonJSMin = (cb, mod) => () => (mod || (cb((mod = { exports: {} }).exports, mod, mod.exports), cb = null), mod.exports);
var __exportAll = (all, no_symbols) => {
	let target = {};
	for (var name in all) __defProp(target, name, {
		get: all[name],
		enumerable: true
	});
	if (!no_symbols) __defProp(target, Symbol.toStringTag, { value: "Module" });
	return target;
};
var __copyProps = (to, from, except, desc) => {
	if (from && typeof from === "object" || typeof from === "function") for (var keys = __getOwnPropNames(from), i = 0, n = keys.length, key; i < n; i++) {
		key = keys[i];
		if (!__hasOwnProp.call(to, key) && key !== except) __defProp(to, key, {
			get: ((k) => from[k]).bind(null, key),
			enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable
		});
	}
	return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(isNodeMode || !mod || !mod.__esModule || !__hasOwnProp.call(mod, "default") ? __defProp(target, "default", {
	value: mod,
	enumerable: true
}) : target, mod));
let os = __nccwpck_require__(857);
os = __toESM(os, 1);
let crypto = __nccwpck_require__(982);
crypto = __toESM(crypto, 1);
let fs = __nccwpck_require__(896);
fs = __toESM(fs, 1);
let node_net = __nccwpck_require__(30);
let node_buffer = __nccwpck_require__(573);
let node_util = __nccwpck_require__(975);
let node_crypto = __nccwpck_require__(598);
let node_fs = __nccwpck_require__(24);
let node_os = __nccwpck_require__(161);
let node_path = __nccwpck_require__(760);
// node_modules/@actions/core/lib/utils.js
function toCommandValue(input) {
	if (input === null || input === void 0) return "";
	else if (typeof input === "string" || input instanceof String) return input;
	return JSON.stringify(input);
}
function toCommandProperties(annotationProperties) {
	if (!Object.keys(annotationProperties).length) return {};
	return {
		title: annotationProperties.title,
		file: annotationProperties.file,
		line: annotationProperties.startLine,
		endLine: annotationProperties.endLine,
		col: annotationProperties.startColumn,
		endColumn: annotationProperties.endColumn
	};
}
// node_modules/@actions/core/lib/command.js
function issueCommand(command, properties, message) {
	const cmd = new Command(command, properties, message);
	process.stdout.write(cmd.toString() + os.EOL);
}
const CMD_STRING = "::";
var Command = class {
	constructor(command, properties, message) {
		if (!command) command = "missing.command";
		this.command = command;
		this.properties = properties;
		this.message = message;
	}
	toString() {
		let cmdStr = CMD_STRING + this.command;
		if (this.properties && Object.keys(this.properties).length > 0) {
			cmdStr += " ";
			let first = true;
			for (const key in this.properties) if (this.properties.hasOwnProperty(key)) {
				const val = this.properties[key];
				if (val) {
					if (first) first = false;
					else cmdStr += ",";
					cmdStr += `${key}=${escapeProperty(val)}`;
				}
			}
		}
		cmdStr += `${CMD_STRING}${escapeData(this.message)}`;
		return cmdStr;
	}
};
function escapeData(s) {
	return toCommandValue(s).replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}
function escapeProperty(s) {
	return toCommandValue(s).replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A").replace(/:/g, "%3A").replace(/,/g, "%2C");
}
// node_modules/@actions/core/lib/file-command.js
function issueFileCommand(command, message) {
	const filePath = process.env[`GITHUB_${command}`];
	if (!filePath) throw new Error(`Unable to find environment variable for file command ${command}`);
	if (!fs.existsSync(filePath)) throw new Error(`Missing file at path: ${filePath}`);
	fs.appendFileSync(filePath, `${toCommandValue(message)}${os.EOL}`, { encoding: "utf8" });
}
function prepareKeyValueMessage(key, value) {
	const delimiter = `ghadelimiter_${crypto.randomUUID()}`;
	const convertedValue = toCommandValue(value);
	if (key.includes(delimiter)) throw new Error(`Unexpected input: name should not contain the delimiter "${delimiter}"`);
	if (convertedValue.includes(delimiter)) throw new Error(`Unexpected input: value should not contain the delimiter "${delimiter}"`);
	return `${key}<<${delimiter}${os.EOL}${convertedValue}${os.EOL}${delimiter}`;
}
var ExitCode;
(function(ExitCode) {
	ExitCode[ExitCode["Success"] = 0] = "Success";
	ExitCode[ExitCode["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
function exportVariable(name, val) {
	const convertedVal = toCommandValue(val);
	process.env[name] = convertedVal;
	if (process.env["GITHUB_ENV"] || "") return issueFileCommand("ENV", prepareKeyValueMessage(name, val));
	issueCommand("set-env", { name }, convertedVal);
}
function setSecret(secret) {
	issueCommand("add-mask", {}, secret);
}
function getInput(name, options) {
	const val = process.env[`INPUT_${name.replace(/ /g, "_").toUpperCase()}`] || "";
	if (options && options.required && !val) throw new Error(`Input required and not supplied: ${name}`);
	if (options && options.trimWhitespace === false) return val;
	return val.trim();
}
function setOutput(name, value) {
	if (process.env["GITHUB_OUTPUT"] || "") return issueFileCommand("OUTPUT", prepareKeyValueMessage(name, value));
	process.stdout.write(os.EOL);
	issueCommand("set-output", { name }, toCommandValue(value));
}
function error(message, properties = {}) {
	issueCommand("error", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function warning(message, properties = {}) {
	issueCommand("warning", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function notice(message, properties = {}) {
	issueCommand("notice", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
function info(message) {
	process.stdout.write(message + os.EOL);
}
function saveState(name, value) {
	if (process.env["GITHUB_STATE"] || "") return issueFileCommand("STATE", prepareKeyValueMessage(name, value));
	issueCommand("save-state", { name }, toCommandValue(value));
}
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
const NUMBER_FORMAT_RANGES = (() => ({
	safeint: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
	int32: [-2147483648, 2147483647],
	uint32: [0, 4294967295],
	float32: [-34028234663852886e22, 34028234663852886e22],
	float64: [-Number.MAX_VALUE, Number.MAX_VALUE]
}))();
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
const parse$2 = _parse($ZodRealError);
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
const number$3 = /^-?\d+(?:\.\d+)?$/;
const boolean$2 = /^(?:true|false)$/i;
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
const $ZodCheckLessThan = $constructor("$ZodCheckLessThan", (inst, def) => {
	$ZodCheck.init(inst, def);
	const origin = numericOriginMap[typeof def.value];
	inst._zod.check = (payload) => {
		if (def.inclusive ? payload.value <= def.value : payload.value < def.value) return;
		payload.issues.push({
			origin: numericOriginMap[typeof payload.value] ?? origin,
			code: "too_big",
			maximum: typeof def.value === "object" ? def.value.getTime() : def.value,
			input: payload.value,
			inclusive: def.inclusive,
			inst,
			continue: !def.abort
		});
	};
});
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
const $ZodCheckNumberFormat = $constructor("$ZodCheckNumberFormat", (inst, def) => {
	$ZodCheck.init(inst, def);
	def.format = def.format || "float64";
	const isInt = def.format?.includes("int");
	const origin = isInt ? "int" : "number";
	const [minimum, maximum] = NUMBER_FORMAT_RANGES[def.format];
	inst._zod.check = (payload) => {
		const input = payload.value;
		if (isInt) {
			if (!Number.isInteger(input)) {
				payload.issues.push({
					expected: origin,
					format: def.format,
					code: "invalid_type",
					continue: false,
					input,
					inst
				});
				return;
			}
			if (!Number.isSafeInteger(input)) {
				if (input > 0) payload.issues.push({
					input,
					code: "too_big",
					maximum: Number.MAX_SAFE_INTEGER,
					note: "Integers must be within the safe integer range.",
					inst,
					origin,
					inclusive: true,
					continue: !def.abort
				});
				else payload.issues.push({
					input,
					code: "too_small",
					minimum: Number.MIN_SAFE_INTEGER,
					note: "Integers must be within the safe integer range.",
					inst,
					origin,
					inclusive: true,
					continue: !def.abort
				});
				return;
			}
		}
		if (input < minimum) payload.issues.push({
			origin: "number",
			input,
			code: "too_small",
			minimum,
			inclusive: true,
			inst,
			continue: !def.abort
		});
		if (input > maximum) payload.issues.push({
			origin: "number",
			input,
			code: "too_big",
			maximum,
			inclusive: true,
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
const version$1 = {
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
	inst._zod.version = version$1;
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
	inst._zod.pattern = number$3;
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
const $ZodNumberFormat = $constructor("$ZodNumberFormat", (inst, def) => {
	$ZodCheckNumberFormat.init(inst, def);
	$ZodNumber.init(inst, def);
});
const $ZodBoolean = $constructor("$ZodBoolean", (inst, def) => {
	$ZodType.init(inst, def);
	inst._zod.pattern = boolean$2;
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
function _int(Class, params) {
	return new Class({
		type: "number",
		check: "number_format",
		abort: false,
		format: "safeint",
		...normalizeParams(params)
	});
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
function _lte(value, params) {
	return new $ZodCheckLessThan({
		check: "less_than",
		...normalizeParams(params),
		value,
		inclusive: true
	});
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
		return parse$2(this, data, params, { callee: this.parse });
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
function number$2(params) {
	return _number(ZodMiniNumber, params);
}
const ZodMiniNumberFormat = $constructor("ZodMiniNumberFormat", (inst, def) => {
	$ZodNumberFormat.init(inst, def);
	ZodMiniNumber.init(inst, def);
});
function int(params) {
	return _int(ZodMiniNumberFormat, params);
}
const ZodMiniBoolean = $constructor("ZodMiniBoolean", (inst, def) => {
	$ZodBoolean.init(inst, def);
	ZodMiniType.init(inst, def);
});
function boolean$1(params) {
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
function optional$1(innerType) {
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
function problemOf(name, what, error) {
	if (!(error instanceof FormError)) throw error;
	return {
		name,
		message: `${what} ${error.message}`
	};
}
var InputError = class extends Error {
	name = "InputError";
	problems;
	constructor(problems) {
		super(problems.map(problemLine).join("\n"));
		this.problems = problems;
	}
};
var ApiError = class extends Error {
	name = "ApiError";
	isTransient;
	story;
	constructor(story, advice, isTransient) {
		super(advice ? `${story}${/[.!?\u2026]$/.test(story) ? "" : "."} ${advice}` : story);
		this.story = story;
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
// src/words.ts
function cut(text, maxLength) {
	return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, "")}\u2026`;
}
function quoted(text) {
	return `"${cut(text, 200)}"`;
}
function counted(count, noun) {
	return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
function listed(names) {
	return [...names.slice(0, 10).map((name) => cut(name, 40)), ...names.length > 10 ? ["\u2026"] : []].join(", ");
}
function secondsText(ms) {
	const seconds = Math.min(ms / 1e3, Number.MAX_SAFE_INTEGER);
	return `${seconds < 100 ? Number(seconds.toPrecision(3)) : Math.round(seconds)} s`;
}
function textOf(value) {
	if (value === void 0 || value === null) return "";
	return typeof value === "string" ? value : JSON.stringify(value);
}
// src/files.ts
const MAX_BYTES$1 = 33554432;
const MAX_BEGINNING = 200;
const REASONS = {
	ENOENT: "no such file",
	EISDIR: "it is a directory",
	EACCES: "permission denied"
};
function whyUnread(error) {
	return REASONS[codeOf(error)] ?? headlineOf(error);
}
async function readText(files, path) {
	const pieces = [];
	for await (const piece of readTextPieces(files, path, MAX_BYTES$1)) pieces.push(piece);
	const text = pieces.join("");
	beginningOf(text);
	return text;
}
async function readBeginning(files, path) {
	let text = "";
	for await (const piece of readTextPieces(files, path)) {
		text = (text + piece).trimStart();
		if (text.length >= MAX_BEGINNING) break;
	}
	return beginningOf(text);
}
function beginningOf(text) {
	const [line = ""] = text.trimStart().slice(0, MAX_BEGINNING).split(/[\r\n]/, 1);
	if (line === "") throw new FormError("is empty");
	const beginning = cut(line, 80);
	if (/^(?:[>$] |yarn run )/.test(beginning)) throw new FormError(`begins with what npm prints, ${quoted(beginning)}. Run the tool with npm run --silent, or let it write the file itself (--outputFile)`);
	return beginning;
}
async function* readTextPieces(files, path, maxBytes = Number.POSITIVE_INFINITY) {
	const decoder = new TextDecoder("utf-8", { fatal: true });
	let first;
	let size = 0;
	try {
		for await (const bytes of files.read(path)) {
			first ??= bytes[0];
			size += bytes.length;
			if (size > maxBytes) throw new FormError(`is larger than ${maxBytes / 1024 / 1024} MiB, the limit. Shorten it`);
			yield decoder.decode(bytes, { stream: true });
		}
		yield decoder.decode();
	} catch (error) {
		if (error instanceof FormError) throw error;
		if (codeOf(error) !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw new FormError(`cannot be read: ${whyUnread(error)}`);
		throw new FormError(first === 254 || first === 255 ? "is UTF-16, which older PowerShells write. Write it as UTF-8" : "is not UTF-8. Write it as UTF-8");
	}
}
// node_modules/jsonc-parser/lib/esm/impl/scanner.js
function createScanner(text, ignoreTrivia = false) {
	const len = text.length;
	let pos = 0, value = "", tokenOffset = 0, token = 16, lineNumber = 0, lineStartOffset = 0, tokenLineStartOffset = 0, prevTokenLineStartOffset = 0, scanError = 0;
	function scanHexDigits(count, exact) {
		let digits = 0;
		let value = 0;
		while (digits < count || !exact) {
			let ch = text.charCodeAt(pos);
			if (ch >= 48 && ch <= 57) value = value * 16 + ch - 48;
			else if (ch >= 65 && ch <= 70) value = value * 16 + ch - 65 + 10;
			else if (ch >= 97 && ch <= 102) value = value * 16 + ch - 97 + 10;
			else break;
			pos++;
			digits++;
		}
		if (digits < count) value = -1;
		return value;
	}
	function setPosition(newPosition) {
		pos = newPosition;
		value = "";
		tokenOffset = 0;
		token = 16;
		scanError = 0;
	}
	function scanNumber() {
		let start = pos;
		if (text.charCodeAt(pos) === 48) pos++;
		else {
			pos++;
			while (pos < text.length && isDigit(text.charCodeAt(pos))) pos++;
		}
		if (pos < text.length && text.charCodeAt(pos) === 46) {
			pos++;
			if (pos < text.length && isDigit(text.charCodeAt(pos))) {
				pos++;
				while (pos < text.length && isDigit(text.charCodeAt(pos))) pos++;
			} else {
				scanError = 3;
				return text.substring(start, pos);
			}
		}
		let end = pos;
		if (pos < text.length && (text.charCodeAt(pos) === 69 || text.charCodeAt(pos) === 101)) {
			pos++;
			if (pos < text.length && text.charCodeAt(pos) === 43 || text.charCodeAt(pos) === 45) pos++;
			if (pos < text.length && isDigit(text.charCodeAt(pos))) {
				pos++;
				while (pos < text.length && isDigit(text.charCodeAt(pos))) pos++;
				end = pos;
			} else scanError = 3;
		}
		return text.substring(start, end);
	}
	function scanString() {
		let result = "", start = pos;
		while (true) {
			if (pos >= len) {
				result += text.substring(start, pos);
				scanError = 2;
				break;
			}
			const ch = text.charCodeAt(pos);
			if (ch === 34) {
				result += text.substring(start, pos);
				pos++;
				break;
			}
			if (ch === 92) {
				result += text.substring(start, pos);
				pos++;
				if (pos >= len) {
					scanError = 2;
					break;
				}
				switch (text.charCodeAt(pos++)) {
					case 34:
						result += "\"";
						break;
					case 92:
						result += "\\";
						break;
					case 47:
						result += "/";
						break;
					case 98:
						result += "\b";
						break;
					case 102:
						result += "\f";
						break;
					case 110:
						result += "\n";
						break;
					case 114:
						result += "\r";
						break;
					case 116:
						result += "	";
						break;
					case 117:
						const ch3 = scanHexDigits(4, true);
						if (ch3 >= 0) result += String.fromCharCode(ch3);
						else scanError = 4;
						break;
					default: scanError = 5;
				}
				start = pos;
				continue;
			}
			if (ch >= 0 && ch <= 31) {
				if (isLineBreak(ch)) {
					result += text.substring(start, pos);
					scanError = 2;
					break;
				} else scanError = 6;
			}
			pos++;
		}
		return result;
	}
	function scanNext() {
		value = "";
		scanError = 0;
		tokenOffset = pos;
		lineStartOffset = lineNumber;
		prevTokenLineStartOffset = tokenLineStartOffset;
		if (pos >= len) {
			tokenOffset = len;
			return token = 17;
		}
		let code = text.charCodeAt(pos);
		if (isWhiteSpace(code)) {
			do {
				pos++;
				value += String.fromCharCode(code);
				code = text.charCodeAt(pos);
			} while (isWhiteSpace(code));
			return token = 15;
		}
		if (isLineBreak(code)) {
			pos++;
			value += String.fromCharCode(code);
			if (code === 13 && text.charCodeAt(pos) === 10) {
				pos++;
				value += "\n";
			}
			lineNumber++;
			tokenLineStartOffset = pos;
			return token = 14;
		}
		switch (code) {
			case 123:
				pos++;
				return token = 1;
			case 125:
				pos++;
				return token = 2;
			case 91:
				pos++;
				return token = 3;
			case 93:
				pos++;
				return token = 4;
			case 58:
				pos++;
				return token = 6;
			case 44:
				pos++;
				return token = 5;
			case 34:
				pos++;
				value = scanString();
				return token = 10;
			case 47:
				const start = pos - 1;
				if (text.charCodeAt(pos + 1) === 47) {
					pos += 2;
					while (pos < len) {
						if (isLineBreak(text.charCodeAt(pos))) break;
						pos++;
					}
					value = text.substring(start, pos);
					return token = 12;
				}
				if (text.charCodeAt(pos + 1) === 42) {
					pos += 2;
					const safeLength = len - 1;
					let commentClosed = false;
					while (pos < safeLength) {
						const ch = text.charCodeAt(pos);
						if (ch === 42 && text.charCodeAt(pos + 1) === 47) {
							pos += 2;
							commentClosed = true;
							break;
						}
						pos++;
						if (isLineBreak(ch)) {
							if (ch === 13 && text.charCodeAt(pos) === 10) pos++;
							lineNumber++;
							tokenLineStartOffset = pos;
						}
					}
					if (!commentClosed) {
						pos++;
						scanError = 1;
					}
					value = text.substring(start, pos);
					return token = 13;
				}
				value += String.fromCharCode(code);
				pos++;
				return token = 16;
			case 45:
				value += String.fromCharCode(code);
				pos++;
				if (pos === len || !isDigit(text.charCodeAt(pos))) return token = 16;
			case 48:
			case 49:
			case 50:
			case 51:
			case 52:
			case 53:
			case 54:
			case 55:
			case 56:
			case 57:
				value += scanNumber();
				return token = 11;
			default:
				while (pos < len && isUnknownContentCharacter(code)) {
					pos++;
					code = text.charCodeAt(pos);
				}
				if (tokenOffset !== pos) {
					value = text.substring(tokenOffset, pos);
					switch (value) {
						case "true": return token = 8;
						case "false": return token = 9;
						case "null": return token = 7;
					}
					return token = 16;
				}
				value += String.fromCharCode(code);
				pos++;
				return token = 16;
		}
	}
	function isUnknownContentCharacter(code) {
		if (isWhiteSpace(code) || isLineBreak(code)) return false;
		switch (code) {
			case 125:
			case 93:
			case 123:
			case 91:
			case 34:
			case 58:
			case 44:
			case 47: return false;
		}
		return true;
	}
	function scanNextNonTrivia() {
		let result;
		do
			result = scanNext();
		while (result >= 12 && result <= 15);
		return result;
	}
	return {
		setPosition,
		getPosition: () => pos,
		scan: ignoreTrivia ? scanNextNonTrivia : scanNext,
		getToken: () => token,
		getTokenValue: () => value,
		getTokenOffset: () => tokenOffset,
		getTokenLength: () => pos - tokenOffset,
		getTokenStartLine: () => lineStartOffset,
		getTokenStartCharacter: () => tokenOffset - prevTokenLineStartOffset,
		getTokenError: () => scanError
	};
}
function isWhiteSpace(ch) {
	return ch === 32 || ch === 9;
}
function isLineBreak(ch) {
	return ch === 10 || ch === 13;
}
function isDigit(ch) {
	return ch >= 48 && ch <= 57;
}
var CharacterCodes;
(function(CharacterCodes) {
	CharacterCodes[CharacterCodes["lineFeed"] = 10] = "lineFeed";
	CharacterCodes[CharacterCodes["carriageReturn"] = 13] = "carriageReturn";
	CharacterCodes[CharacterCodes["space"] = 32] = "space";
	CharacterCodes[CharacterCodes["_0"] = 48] = "_0";
	CharacterCodes[CharacterCodes["_1"] = 49] = "_1";
	CharacterCodes[CharacterCodes["_2"] = 50] = "_2";
	CharacterCodes[CharacterCodes["_3"] = 51] = "_3";
	CharacterCodes[CharacterCodes["_4"] = 52] = "_4";
	CharacterCodes[CharacterCodes["_5"] = 53] = "_5";
	CharacterCodes[CharacterCodes["_6"] = 54] = "_6";
	CharacterCodes[CharacterCodes["_7"] = 55] = "_7";
	CharacterCodes[CharacterCodes["_8"] = 56] = "_8";
	CharacterCodes[CharacterCodes["_9"] = 57] = "_9";
	CharacterCodes[CharacterCodes["a"] = 97] = "a";
	CharacterCodes[CharacterCodes["b"] = 98] = "b";
	CharacterCodes[CharacterCodes["c"] = 99] = "c";
	CharacterCodes[CharacterCodes["d"] = 100] = "d";
	CharacterCodes[CharacterCodes["e"] = 101] = "e";
	CharacterCodes[CharacterCodes["f"] = 102] = "f";
	CharacterCodes[CharacterCodes["g"] = 103] = "g";
	CharacterCodes[CharacterCodes["h"] = 104] = "h";
	CharacterCodes[CharacterCodes["i"] = 105] = "i";
	CharacterCodes[CharacterCodes["j"] = 106] = "j";
	CharacterCodes[CharacterCodes["k"] = 107] = "k";
	CharacterCodes[CharacterCodes["l"] = 108] = "l";
	CharacterCodes[CharacterCodes["m"] = 109] = "m";
	CharacterCodes[CharacterCodes["n"] = 110] = "n";
	CharacterCodes[CharacterCodes["o"] = 111] = "o";
	CharacterCodes[CharacterCodes["p"] = 112] = "p";
	CharacterCodes[CharacterCodes["q"] = 113] = "q";
	CharacterCodes[CharacterCodes["r"] = 114] = "r";
	CharacterCodes[CharacterCodes["s"] = 115] = "s";
	CharacterCodes[CharacterCodes["t"] = 116] = "t";
	CharacterCodes[CharacterCodes["u"] = 117] = "u";
	CharacterCodes[CharacterCodes["v"] = 118] = "v";
	CharacterCodes[CharacterCodes["w"] = 119] = "w";
	CharacterCodes[CharacterCodes["x"] = 120] = "x";
	CharacterCodes[CharacterCodes["y"] = 121] = "y";
	CharacterCodes[CharacterCodes["z"] = 122] = "z";
	CharacterCodes[CharacterCodes["A"] = 65] = "A";
	CharacterCodes[CharacterCodes["B"] = 66] = "B";
	CharacterCodes[CharacterCodes["C"] = 67] = "C";
	CharacterCodes[CharacterCodes["D"] = 68] = "D";
	CharacterCodes[CharacterCodes["E"] = 69] = "E";
	CharacterCodes[CharacterCodes["F"] = 70] = "F";
	CharacterCodes[CharacterCodes["G"] = 71] = "G";
	CharacterCodes[CharacterCodes["H"] = 72] = "H";
	CharacterCodes[CharacterCodes["I"] = 73] = "I";
	CharacterCodes[CharacterCodes["J"] = 74] = "J";
	CharacterCodes[CharacterCodes["K"] = 75] = "K";
	CharacterCodes[CharacterCodes["L"] = 76] = "L";
	CharacterCodes[CharacterCodes["M"] = 77] = "M";
	CharacterCodes[CharacterCodes["N"] = 78] = "N";
	CharacterCodes[CharacterCodes["O"] = 79] = "O";
	CharacterCodes[CharacterCodes["P"] = 80] = "P";
	CharacterCodes[CharacterCodes["Q"] = 81] = "Q";
	CharacterCodes[CharacterCodes["R"] = 82] = "R";
	CharacterCodes[CharacterCodes["S"] = 83] = "S";
	CharacterCodes[CharacterCodes["T"] = 84] = "T";
	CharacterCodes[CharacterCodes["U"] = 85] = "U";
	CharacterCodes[CharacterCodes["V"] = 86] = "V";
	CharacterCodes[CharacterCodes["W"] = 87] = "W";
	CharacterCodes[CharacterCodes["X"] = 88] = "X";
	CharacterCodes[CharacterCodes["Y"] = 89] = "Y";
	CharacterCodes[CharacterCodes["Z"] = 90] = "Z";
	CharacterCodes[CharacterCodes["asterisk"] = 42] = "asterisk";
	CharacterCodes[CharacterCodes["backslash"] = 92] = "backslash";
	CharacterCodes[CharacterCodes["closeBrace"] = 125] = "closeBrace";
	CharacterCodes[CharacterCodes["closeBracket"] = 93] = "closeBracket";
	CharacterCodes[CharacterCodes["colon"] = 58] = "colon";
	CharacterCodes[CharacterCodes["comma"] = 44] = "comma";
	CharacterCodes[CharacterCodes["dot"] = 46] = "dot";
	CharacterCodes[CharacterCodes["doubleQuote"] = 34] = "doubleQuote";
	CharacterCodes[CharacterCodes["minus"] = 45] = "minus";
	CharacterCodes[CharacterCodes["openBrace"] = 123] = "openBrace";
	CharacterCodes[CharacterCodes["openBracket"] = 91] = "openBracket";
	CharacterCodes[CharacterCodes["plus"] = 43] = "plus";
	CharacterCodes[CharacterCodes["slash"] = 47] = "slash";
	CharacterCodes[CharacterCodes["formFeed"] = 12] = "formFeed";
	CharacterCodes[CharacterCodes["tab"] = 9] = "tab";
})(CharacterCodes || (CharacterCodes = {}));
new Array(20).fill(0).map((_, index) => {
	return " ".repeat(index);
});
const maxCachedValues = 200;
new Array(maxCachedValues).fill(0).map((_, index) => {
	return "\n" + " ".repeat(index);
}), new Array(maxCachedValues).fill(0).map((_, index) => {
	return "\r" + " ".repeat(index);
}), new Array(maxCachedValues).fill(0).map((_, index) => {
	return "\r\n" + " ".repeat(index);
}), new Array(maxCachedValues).fill(0).map((_, index) => {
	return "\n" + "	".repeat(index);
}), new Array(maxCachedValues).fill(0).map((_, index) => {
	return "\r" + "	".repeat(index);
}), new Array(maxCachedValues).fill(0).map((_, index) => {
	return "\r\n" + "	".repeat(index);
});
// node_modules/jsonc-parser/lib/esm/impl/parser.js
var ParseOptions;
(function(ParseOptions) {
	ParseOptions.DEFAULT = { allowTrailingComma: false };
})(ParseOptions || (ParseOptions = {}));
function parse$1(text, errors = [], options = ParseOptions.DEFAULT) {
	let currentProperty = null;
	let currentParent = [];
	const previousParents = [];
	function onValue(value) {
		if (Array.isArray(currentParent)) currentParent.push(value);
		else if (currentProperty !== null) currentParent[currentProperty] = value;
	}
	visit(text, {
		onObjectBegin: () => {
			const object = {};
			onValue(object);
			previousParents.push(currentParent);
			currentParent = object;
			currentProperty = null;
		},
		onObjectProperty: (name) => {
			currentProperty = name;
		},
		onObjectEnd: () => {
			currentParent = previousParents.pop();
		},
		onArrayBegin: () => {
			const array = [];
			onValue(array);
			previousParents.push(currentParent);
			currentParent = array;
			currentProperty = null;
		},
		onArrayEnd: () => {
			currentParent = previousParents.pop();
		},
		onLiteralValue: onValue,
		onError: (error, offset, length) => {
			errors.push({
				error,
				offset,
				length
			});
		}
	}, options);
	return currentParent[0];
}
function visit(text, visitor, options = ParseOptions.DEFAULT) {
	const _scanner = createScanner(text, false);
	const _jsonPath = [];
	let suppressedCallbacks = 0;
	function toNoArgVisit(visitFunction) {
		return visitFunction ? () => suppressedCallbacks === 0 && visitFunction(_scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter()) : () => true;
	}
	function toOneArgVisit(visitFunction) {
		return visitFunction ? (arg) => suppressedCallbacks === 0 && visitFunction(arg, _scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter()) : () => true;
	}
	function toOneArgVisitWithPath(visitFunction) {
		return visitFunction ? (arg) => suppressedCallbacks === 0 && visitFunction(arg, _scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter(), () => _jsonPath.slice()) : () => true;
	}
	function toBeginVisit(visitFunction) {
		return visitFunction ? () => {
			if (suppressedCallbacks > 0) suppressedCallbacks++;
			else if (visitFunction(_scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter(), () => _jsonPath.slice()) === false) suppressedCallbacks = 1;
		} : () => true;
	}
	function toEndVisit(visitFunction) {
		return visitFunction ? () => {
			if (suppressedCallbacks > 0) suppressedCallbacks--;
			if (suppressedCallbacks === 0) visitFunction(_scanner.getTokenOffset(), _scanner.getTokenLength(), _scanner.getTokenStartLine(), _scanner.getTokenStartCharacter());
		} : () => true;
	}
	const onObjectBegin = toBeginVisit(visitor.onObjectBegin), onObjectProperty = toOneArgVisitWithPath(visitor.onObjectProperty), onObjectEnd = toEndVisit(visitor.onObjectEnd), onArrayBegin = toBeginVisit(visitor.onArrayBegin), onArrayEnd = toEndVisit(visitor.onArrayEnd), onLiteralValue = toOneArgVisitWithPath(visitor.onLiteralValue), onSeparator = toOneArgVisit(visitor.onSeparator), onComment = toNoArgVisit(visitor.onComment), onError = toOneArgVisit(visitor.onError);
	const disallowComments = options && options.disallowComments;
	const allowTrailingComma = options && options.allowTrailingComma;
	function scanNext() {
		while (true) {
			const token = _scanner.scan();
			switch (_scanner.getTokenError()) {
				case 4:
					handleError(14);
					break;
				case 5:
					handleError(15);
					break;
				case 3:
					handleError(13);
					break;
				case 1:
					if (!disallowComments) handleError(11);
					break;
				case 2:
					handleError(12);
					break;
				case 6: handleError(16);
			}
			switch (token) {
				case 12:
				case 13:
					if (disallowComments) handleError(10);
					else onComment();
					break;
				case 16:
					handleError(1);
					break;
				case 15:
				case 14: break;
				default: return token;
			}
		}
	}
	function handleError(error, skipUntilAfter = [], skipUntil = []) {
		onError(error);
		if (skipUntilAfter.length + skipUntil.length > 0) {
			let token = _scanner.getToken();
			while (token !== 17) {
				if (skipUntilAfter.indexOf(token) !== -1) {
					scanNext();
					break;
				} else if (skipUntil.indexOf(token) !== -1) break;
				token = scanNext();
			}
		}
	}
	function parseString(isValue) {
		const value = _scanner.getTokenValue();
		if (isValue) onLiteralValue(value);
		else {
			onObjectProperty(value);
			_jsonPath.push(value);
		}
		scanNext();
		return true;
	}
	function parseLiteral() {
		switch (_scanner.getToken()) {
			case 11:
				const tokenValue = _scanner.getTokenValue();
				let value = Number(tokenValue);
				if (isNaN(value)) {
					handleError(2);
					value = 0;
				}
				onLiteralValue(value);
				break;
			case 7:
				onLiteralValue(null);
				break;
			case 8:
				onLiteralValue(true);
				break;
			case 9:
				onLiteralValue(false);
				break;
			default: return false;
		}
		scanNext();
		return true;
	}
	function parseProperty() {
		if (_scanner.getToken() !== 10) {
			handleError(3, [], [2, 5]);
			return false;
		}
		parseString(false);
		if (_scanner.getToken() === 6) {
			onSeparator(":");
			scanNext();
			if (!parseValue()) handleError(4, [], [2, 5]);
		} else handleError(5, [], [2, 5]);
		_jsonPath.pop();
		return true;
	}
	function parseObject() {
		onObjectBegin();
		scanNext();
		let needsComma = false;
		while (_scanner.getToken() !== 2 && _scanner.getToken() !== 17) {
			if (_scanner.getToken() === 5) {
				if (!needsComma) handleError(4, [], []);
				onSeparator(",");
				scanNext();
				if (_scanner.getToken() === 2 && allowTrailingComma) break;
			} else if (needsComma) handleError(6, [], []);
			if (!parseProperty()) handleError(4, [], [2, 5]);
			needsComma = true;
		}
		onObjectEnd();
		if (_scanner.getToken() !== 2) handleError(7, [2], []);
		else scanNext();
		return true;
	}
	function parseArray() {
		onArrayBegin();
		scanNext();
		let isFirstElement = true;
		let needsComma = false;
		while (_scanner.getToken() !== 4 && _scanner.getToken() !== 17) {
			if (_scanner.getToken() === 5) {
				if (!needsComma) handleError(4, [], []);
				onSeparator(",");
				scanNext();
				if (_scanner.getToken() === 4 && allowTrailingComma) break;
			} else if (needsComma) handleError(6, [], []);
			if (isFirstElement) {
				_jsonPath.push(0);
				isFirstElement = false;
			} else _jsonPath[_jsonPath.length - 1]++;
			if (!parseValue()) handleError(4, [], [4, 5]);
			needsComma = true;
		}
		onArrayEnd();
		if (!isFirstElement) _jsonPath.pop();
		if (_scanner.getToken() !== 4) handleError(8, [4], []);
		else scanNext();
		return true;
	}
	function parseValue() {
		switch (_scanner.getToken()) {
			case 3: return parseArray();
			case 1: return parseObject();
			case 10: return parseString(true);
			default: return parseLiteral();
		}
	}
	scanNext();
	if (_scanner.getToken() === 17) {
		if (options.allowEmptyContent) return true;
		handleError(4, [], []);
		return false;
	}
	if (!parseValue()) {
		handleError(4, [], []);
		return false;
	}
	if (_scanner.getToken() !== 17) handleError(9, [], []);
	return true;
}
// node_modules/jsonc-parser/lib/esm/main.js
var ScanError;
(function(ScanError) {
	ScanError[ScanError["None"] = 0] = "None";
	ScanError[ScanError["UnexpectedEndOfComment"] = 1] = "UnexpectedEndOfComment";
	ScanError[ScanError["UnexpectedEndOfString"] = 2] = "UnexpectedEndOfString";
	ScanError[ScanError["UnexpectedEndOfNumber"] = 3] = "UnexpectedEndOfNumber";
	ScanError[ScanError["InvalidUnicode"] = 4] = "InvalidUnicode";
	ScanError[ScanError["InvalidEscapeCharacter"] = 5] = "InvalidEscapeCharacter";
	ScanError[ScanError["InvalidCharacter"] = 6] = "InvalidCharacter";
})(ScanError || (ScanError = {}));
var SyntaxKind;
(function(SyntaxKind) {
	SyntaxKind[SyntaxKind["OpenBraceToken"] = 1] = "OpenBraceToken";
	SyntaxKind[SyntaxKind["CloseBraceToken"] = 2] = "CloseBraceToken";
	SyntaxKind[SyntaxKind["OpenBracketToken"] = 3] = "OpenBracketToken";
	SyntaxKind[SyntaxKind["CloseBracketToken"] = 4] = "CloseBracketToken";
	SyntaxKind[SyntaxKind["CommaToken"] = 5] = "CommaToken";
	SyntaxKind[SyntaxKind["ColonToken"] = 6] = "ColonToken";
	SyntaxKind[SyntaxKind["NullKeyword"] = 7] = "NullKeyword";
	SyntaxKind[SyntaxKind["TrueKeyword"] = 8] = "TrueKeyword";
	SyntaxKind[SyntaxKind["FalseKeyword"] = 9] = "FalseKeyword";
	SyntaxKind[SyntaxKind["StringLiteral"] = 10] = "StringLiteral";
	SyntaxKind[SyntaxKind["NumericLiteral"] = 11] = "NumericLiteral";
	SyntaxKind[SyntaxKind["LineCommentTrivia"] = 12] = "LineCommentTrivia";
	SyntaxKind[SyntaxKind["BlockCommentTrivia"] = 13] = "BlockCommentTrivia";
	SyntaxKind[SyntaxKind["LineBreakTrivia"] = 14] = "LineBreakTrivia";
	SyntaxKind[SyntaxKind["Trivia"] = 15] = "Trivia";
	SyntaxKind[SyntaxKind["Unknown"] = 16] = "Unknown";
	SyntaxKind[SyntaxKind["EOF"] = 17] = "EOF";
})(SyntaxKind || (SyntaxKind = {}));
const parse = parse$1;
var ParseErrorCode;
(function(ParseErrorCode) {
	ParseErrorCode[ParseErrorCode["InvalidSymbol"] = 1] = "InvalidSymbol";
	ParseErrorCode[ParseErrorCode["InvalidNumberFormat"] = 2] = "InvalidNumberFormat";
	ParseErrorCode[ParseErrorCode["PropertyNameExpected"] = 3] = "PropertyNameExpected";
	ParseErrorCode[ParseErrorCode["ValueExpected"] = 4] = "ValueExpected";
	ParseErrorCode[ParseErrorCode["ColonExpected"] = 5] = "ColonExpected";
	ParseErrorCode[ParseErrorCode["CommaExpected"] = 6] = "CommaExpected";
	ParseErrorCode[ParseErrorCode["CloseBraceExpected"] = 7] = "CloseBraceExpected";
	ParseErrorCode[ParseErrorCode["CloseBracketExpected"] = 8] = "CloseBracketExpected";
	ParseErrorCode[ParseErrorCode["EndOfFileExpected"] = 9] = "EndOfFileExpected";
	ParseErrorCode[ParseErrorCode["InvalidCommentToken"] = 10] = "InvalidCommentToken";
	ParseErrorCode[ParseErrorCode["UnexpectedEndOfComment"] = 11] = "UnexpectedEndOfComment";
	ParseErrorCode[ParseErrorCode["UnexpectedEndOfString"] = 12] = "UnexpectedEndOfString";
	ParseErrorCode[ParseErrorCode["UnexpectedEndOfNumber"] = 13] = "UnexpectedEndOfNumber";
	ParseErrorCode[ParseErrorCode["InvalidUnicode"] = 14] = "InvalidUnicode";
	ParseErrorCode[ParseErrorCode["InvalidEscapeCharacter"] = 15] = "InvalidEscapeCharacter";
	ParseErrorCode[ParseErrorCode["InvalidCharacter"] = 16] = "InvalidCharacter";
})(ParseErrorCode || (ParseErrorCode = {}));
function printParseErrorCode(code) {
	switch (code) {
		case 1: return "InvalidSymbol";
		case 2: return "InvalidNumberFormat";
		case 3: return "PropertyNameExpected";
		case 4: return "ValueExpected";
		case 5: return "ColonExpected";
		case 6: return "CommaExpected";
		case 7: return "CloseBraceExpected";
		case 8: return "CloseBracketExpected";
		case 9: return "EndOfFileExpected";
		case 10: return "InvalidCommentToken";
		case 11: return "UnexpectedEndOfComment";
		case 12: return "UnexpectedEndOfString";
		case 13: return "UnexpectedEndOfNumber";
		case 14: return "InvalidUnicode";
		case 15: return "InvalidEscapeCharacter";
		case 16: return "InvalidCharacter";
	}
	return "<unknown ParseErrorCode>";
}
// src/json.ts
const MAX_DEPTH$1 = 1e3;
function parseJson(text, maxDepth = MAX_DEPTH$1) {
	const source = text.replace(/^\uFEFF/, "");
	checkDepth(source, maxDepth);
	try {
		return JSON.parse(source);
	} catch (error) {
		throw new FormError(`is not JSON: ${faultIn(source) ?? error.message}`);
	}
}
function parseExactJson(text, maxDepth = MAX_DEPTH$1) {
	const value = parseJson(text, maxDepth);
	if (!MAY_BE_REWRITTEN.test(text)) return value;
	const exact = (_key, value, { source }) => typeof value === "number" && source !== void 0 && source !== String(value) ? JSON.rawJSON(source) : value;
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
	return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}
function checkDepth(text, maxDepth) {
	if (text.split(/[[{]/, maxDepth + 2).length <= maxDepth + 1) return;
	let depth = 0;
	let isInString = false;
	for (let at = 0; at < text.length; at++) {
		const character = text[at];
		if (character === "\"") isInString = !isInString;
		else if (character === "\\") at++;
		else if (isInString) continue;
		else if (character === "}" || character === "]") depth--;
		else if ((character === "{" || character === "[") && ++depth > maxDepth) throw new FormError(`is nested too deeply: ${placeOf$1(text, at)}: more than ${maxDepth} levels`);
	}
}
function faultIn(text) {
	const faults = [];
	parse(text, faults, { disallowComments: true });
	const [fault] = faults;
	if (!fault) return void 0;
	const reason = printParseErrorCode(fault.error).replaceAll(/\B[A-Z]/g, " $&").toLowerCase();
	const rest = text.slice(fault.offset);
	const [notANumber] = /^-?(NaN|Infinity)/.exec(rest) ?? [];
	const found = notANumber ?? rest.slice(0, fault.length);
	const hint = notANumber ? ", which JSON does not have: write null" : "";
	return `${placeOf$1(text, fault.offset)}: ${reason}, found ${found ? cut(found, 20) : "the end of the text"}${hint}`;
}
function placeOf$1(text, offset) {
	const before = text.slice(0, offset);
	return `line ${before.split("\n").length}, column ${offset - before.lastIndexOf("\n")}`;
}
// src/host/event-file.ts
const LOST = "Branch and pull request are not recorded";
const eventProblem = eventProblemOf(process.env.GITHUB_EVENT_PATH);
if (eventProblem !== void 0) delete process.env.GITHUB_EVENT_PATH;
function eventProblemOf(path) {
	if (!path) return void 0;
	try {
		if (isJsonObject(JSON.parse((0, node_fs.readFileSync)(path, "utf8")))) return void 0;
		return `The event file of the runner (GITHUB_EVENT_PATH) is not a JSON object. ${LOST}`;
	} catch (error) {
		return `The event file of the runner (GITHUB_EVENT_PATH) cannot be read: ${whyUnread(error)}. ${LOST}`;
	}
}
// node_modules/@actions/github/lib/context.js
var Context = class {
	constructor() {
		var _a, _b, _c;
		this.payload = {};
		if (process.env.GITHUB_EVENT_PATH) {
			if ((0, fs.existsSync)(process.env.GITHUB_EVENT_PATH)) this.payload = JSON.parse((0, fs.readFileSync)(process.env.GITHUB_EVENT_PATH, { encoding: "utf8" }));
			else {
				const path = process.env.GITHUB_EVENT_PATH;
				process.stdout.write(`GITHUB_EVENT_PATH ${path} does not exist${os.EOL}`);
			}
		}
		this.eventName = process.env.GITHUB_EVENT_NAME;
		this.sha = process.env.GITHUB_SHA;
		this.ref = process.env.GITHUB_REF;
		this.workflow = process.env.GITHUB_WORKFLOW;
		this.action = process.env.GITHUB_ACTION;
		this.actor = process.env.GITHUB_ACTOR;
		this.job = process.env.GITHUB_JOB;
		this.runAttempt = parseInt(process.env.GITHUB_RUN_ATTEMPT, 10);
		this.runNumber = parseInt(process.env.GITHUB_RUN_NUMBER, 10);
		this.runId = parseInt(process.env.GITHUB_RUN_ID, 10);
		this.apiUrl = (_a = process.env.GITHUB_API_URL) !== null && _a !== void 0 ? _a : `https://api.github.com`;
		this.serverUrl = (_b = process.env.GITHUB_SERVER_URL) !== null && _b !== void 0 ? _b : `https://github.com`;
		this.graphqlUrl = (_c = process.env.GITHUB_GRAPHQL_URL) !== null && _c !== void 0 ? _c : `https://api.github.com/graphql`;
	}
	get issue() {
		const payload = this.payload;
		return Object.assign(Object.assign({}, this.repo), { number: (payload.issue || payload.pull_request || payload).number });
	}
	get repo() {
		if (process.env.GITHUB_REPOSITORY) {
			const [owner, repo] = process.env.GITHUB_REPOSITORY.split("/");
			return {
				owner,
				repo
			};
		}
		if (this.payload.repository) return {
			owner: this.payload.repository.owner.login,
			repo: this.payload.repository.name
		};
		throw new Error("context.repo requires a GITHUB_REPOSITORY environment variable like 'owner/repo'");
	}
};
// node_modules/@actions/github/lib/github.js
const context = new Context();
// package.json
var version = "1.0.0";
// src/loopback.ts
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
function isLoopback(hostname) {
	return LOOPBACK.test(hostname);
}
// src/api/proxy.ts
var ProxyError = class extends Error {
	status;
	code;
	constructor({ status, cause }) {
		super(status === void 0 ? "no connection through the proxy" : `the proxy returned ${status}`, { cause });
		this.status = status;
		this.code = codeOf(cause);
	}
};
const PROXY_VARIABLES = ["https_proxy", "HTTPS_PROXY"];
function proxyFor(target, env) {
	const name = PROXY_VARIABLES.find((variable) => env[variable]?.trim());
	if (!name || isLoopback(target.hostname) || isExempt(target, env.no_proxy || env.NO_PROXY || "")) return void 0;
	try {
		const { protocol, hostname, port, username, password } = new URL(env[name]);
		if (!["http:", "https:"].includes(protocol)) throw new TypeError();
		const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
		const authorization = login === ":" ? void 0 : `Basic ${Buffer.from(login).toString("base64")}`;
		return {
			protocol,
			hostname: unbracketed(hostname),
			port,
			authorization
		};
	} catch {
		throw new InputError([{
			name,
			message: "is not a URL such as http://proxy.example:3128"
		}]);
	}
}
function isExempt({ hostname, port }, list) {
	const names = [
		hostname,
		unbracketed(hostname),
		`${hostname}:${port || 443}`
	];
	return list.toLowerCase().split(/[\s,]/).filter(Boolean).some((entry) => {
		const suffix = `.${entry.replace(/^\*?\./, "")}`;
		return entry === "*" || names.some((name) => `.${name}`.endsWith(suffix));
	});
}
function unbracketed(hostname) {
	return hostname.replace(/[[\]]/g, "");
}
function tunnelAgent({ protocol, hostname, port, authorization }, timeoutMs) {
	const https = process.getBuiltinModule("node:https");
	const { request } = protocol === "http:" ? process.getBuiltinModule("node:http") : https;
	class TunnelAgent extends https.Agent {
		createConnection(options, done) {
			const target = `${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
			request({
				hostname,
				port,
				servername: (0, node_net.isIP)(hostname) ? "" : hostname,
				method: "CONNECT",
				path: target,
				headers: {
					host: target,
					...authorization && { "proxy-authorization": authorization }
				},
				agent: false,
				signal: AbortSignal.timeout(timeoutMs)
			}).once("connect", ({ statusCode: status }, socket) => {
				if (status === 200) done(null, super.createConnection({
					...options,
					socket
				}));
				else {
					socket.destroy();
					done(new ProxyError({ status }));
				}
			}).on("error", (cause) => done(new ProxyError({ cause }))).end();
		}
	}
	return new TunnelAgent({ keepAlive: true });
}
// src/api/no-response.ts
var BadResponseError = class extends Error {
	name = "BadResponseError";
};
function failureText$1(thrown, timeoutMs) {
	if (isTimeout(thrown)) return `got no complete response within ${secondsText(timeoutMs)}`;
	return `failed: ${reasonOf(thrown)}`;
}
function failureAdvice(thrown) {
	if (thrown instanceof BadResponseError) return "Check that base_url is the address of the Opper API.";
	if (isTimeout(thrown)) return "Raise timeout_seconds, or check the network of the runner.";
	if (thrown instanceof ProxyError && thrown.status === 407) return "The proxy needs a user and password, or rejected those it got. Set HTTPS_PROXY in the env of the step to http://USER:PASSWORD@HOST:PORT, from a secret.";
	if (/TLS: (wrong version number|packet length too long)/.test(reasonOf(thrown))) return "The server or proxy does not use TLS on that port. Check scheme and port in base_url and HTTPS_PROXY.";
	if (thrown instanceof ProxyError && thrown.status !== void 0) return "The proxy made no connection to the host of base_url. Check base_url, and that the proxy allows that host.";
	const code = codeOf(thrown);
	switch (code) {
		case "ERR_TLS_CERT_ALTNAME_INVALID":
		case "HOSTNAME_MISMATCH": return `The certificate is for another host. Check ${thrown instanceof ProxyError ? "HTTPS_PROXY" : "base_url"}.`;
		case "CERT_HAS_EXPIRED":
		case "CERT_NOT_YET_VALID": return "The server needs a certificate that is valid now, or the clock of the runner is wrong.";
	}
	if (isCertificateCode(code)) return "The certificate is not trusted on this runner. For a private CA, set NODE_EXTRA_CA_CERTS in the env of the step to the path of its PEM file.";
	if (thrown instanceof ProxyError) return "Check HTTPS_PROXY in the env of the step (scheme, host, port) and the network of the runner.";
	return "Check base_url (scheme, host, port) and the network of the runner. Behind a proxy, check HTTPS_PROXY in the env of the step too.";
}
function isWorthRetrying(thrown) {
	if (thrown instanceof ProxyError && thrown.status === 407) return false;
	return !(thrown instanceof BadResponseError || isCertificateCode(codeOf(thrown)));
}
function reasonOf(thrown) {
	const headline = headlineOf(thrown);
	if (thrown instanceof ProxyError && thrown.cause) return `${headline}: ${reasonOf(thrown.cause)}`;
	if (headline === "socket hang up") return "the connection was closed before a response came";
	if (headline === "aborted") return "the connection was closed in the middle of the response";
	if (codeOf(thrown) === "HPE_HEADER_OVERFLOW") return "the response headers are too long";
	return headline.replace("Parse Error: ", "the response is not HTTP: ").replace(/.*:SSL routines:[^:]*:([^:]+):.*/s, "TLS: $1");
}
function isTimeout(thrown) {
	return thrown instanceof Error && thrown.name === "TimeoutError";
}
function isCertificateCode(code) {
	return /CERT|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH/.test(code) && !code.startsWith("ERR_SSL_");
}
// src/api/transport.ts
const MAX_INTERIM_RESPONSES = 100;
var Headers = class extends Map {
	constructor(init = {}) {
		super(Symbol.iterator in init ? init : Object.entries(init));
	}
};
function createTransport({ baseUrl, env, timeoutMs }) {
	const base = new URL(baseUrl);
	const http = process.getBuiltinModule(base.protocol === "http:" ? "node:http" : "node:https");
	const proxy = proxyFor(base, env);
	const agent = proxy ? tunnelAgent(proxy, timeoutMs) : new http.Agent({ keepAlive: true });
	async function fetch(url, init) {
		const signal = AbortSignal.timeout(timeoutMs);
		try {
			return await replyOf(await request(url, init, signal));
		} catch (error) {
			throw signal.aborted ? signal.reason : error;
		}
	}
	function request(url, init, signal) {
		return new Promise((resolve, reject) => {
			let bytesBefore = 0;
			let interimResponses = 0;
			const sent = http.request(url, {
				agent,
				signal,
				method: init.method,
				headers: {
					...Object.fromEntries(init.headers),
					"accept-encoding": "identity"
				}
			}).once("socket", (socket) => {
				bytesBefore = socket.bytesRead;
			}).on("information", () => {
				if (++interimResponses > MAX_INTERIM_RESPONSES) sent.destroy(new BadResponseError(`more than ${MAX_INTERIM_RESPONSES} interim responses (1xx) came`));
			}).once("upgrade", (response, socket) => {
				socket.destroy();
				reject(new BadResponseError(`the server wants to switch protocols (${response.statusCode})`));
			}).once("response", resolve).on("error", (error) => {
				if (sent.reusedSocket && sent.socket?.bytesRead === bytesBefore && /ECONNRESET|EPIPE/.test(codeOf(error)) && init.method !== "POST") resolve(request(url, init, signal));
				else reject(error);
			}).end(init.body);
		});
	}
	return {
		fetch,
		Headers
	};
}
async function replyOf(response) {
	const { statusCode: status = 0, statusMessage: statusText = "", headers } = response;
	const isSuccess = status < 300;
	const encoding = headers["content-encoding"] ?? "identity";
	try {
		if (status < 200 || status > 599) throw new BadResponseError(`${status} is not an HTTP status`);
		if (isSuccess && encoding !== "identity") throw new BadResponseError(`the response is compressed (${encoding}), which was not requested`);
		const bytes = await bytesOf(response);
		if (isSuccess && !(0, node_buffer.isUtf8)(bytes)) throw new BadResponseError("the response is not UTF-8");
		const body = encoding === "identity" ? bytes.toString() : "";
		return {
			status,
			statusText,
			headers: { get: (name) => headers[name]?.toString() ?? null },
			body,
			text: async () => body
		};
	} catch (error) {
		response.destroy();
		throw error;
	}
}
async function bytesOf(response) {
	const chunks = [];
	let size = 0;
	for await (const chunk of response) {
		size += chunk.length;
		if (size > 33554432) throw new BadResponseError(`the response is larger than ${MAX_BYTES$1 / 1024 / 1024} MiB`);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks, size);
}
// src/host/pattern.ts
const MAX_PATTERN_LENGTH = 1e3;
const MAX_ALTERNATIVES = 100;
const MAX_STARS = 4;
function checkPattern(pattern) {
	if (pattern.length > MAX_PATTERN_LENGTH) throw new FormError(`is longer than ${MAX_PATTERN_LENGTH} characters. Split it into several lines`);
	if (/[@!+*?]\(/.test(pattern)) throw new FormError("has a group such as @(a|b), which is not supported. Write {a,b}, or several lines");
	if (alternativesIn(pattern) > MAX_ALTERNATIVES) throw new FormError(`has braces that stand for more than ${MAX_ALTERNATIVES} patterns. Write a wildcard such as reports/*.xml`);
	if ((pattern.includes("{") ? [pattern] : pattern.split("/")).some((part) => starsIn(part) > MAX_STARS)) throw new FormError(`has more than ${MAX_STARS} * in one name. Use fewer, such as reports/*.xml, or several lines`);
}
function alternativesIn(pattern) {
	let product = 1;
	for (const [, from = "", to = ""] of pattern.matchAll(/\{(-?\w+)\.\.(-?\w+)(?:\.\.-?\d+)?\}/g)) product *= 1 + Math.abs(placeOf(to) - placeOf(from));
	const open = [];
	for (const [character] of pattern.matchAll(/[{,}]/g)) if (character === "{") open.push(1);
	else if (character === "}") product *= open.pop() ?? 1;
	else if (open.length > 0) open.push((open.pop() ?? 0) + 1);
	return product;
}
function placeOf(end) {
	return /^-?\d+$/.test(end) ? Number(end) : end.charCodeAt(0);
}
function starsIn(part) {
	return part.replaceAll(/(?<=^|\/)\*\*(?=\/|$)/g, "").split("*").length - 1;
}
// src/host/node-files.ts
const nodeFiles = {
	async find(pattern) {
		const stats = statsOf(pattern);
		if (stats !== void 0 && !stats.isFile()) throw new FormError(notAFile(stats));
		if (stats !== void 0) return [realPathOf(pattern)];
		checkPattern(pattern);
		const paths = (0, node_fs.globSync)(pattern.replaceAll("[", "[[]")).filter((path) => statsOf(path)?.isFile());
		return [...new Set(paths.map(realPathOf))].sort();
	},
	async *read(path) {
		const stats = statsOf(path);
		if (stats !== void 0 && !stats.isFile()) throw new FormError(notAFile(stats));
		yield* (0, node_fs.createReadStream)(path);
	}
};
function statsOf(path) {
	try {
		return (0, node_fs.statSync)(path, { throwIfNoEntry: false });
	} catch (error) {
		if (["ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"].includes(codeOf(error))) return void 0;
		return {
			isFile: () => true,
			isDirectory: () => false,
			isFIFO: () => false,
			isSocket: () => false
		};
	}
}
function notAFile(stats) {
	if (stats.isDirectory()) return "is a directory. Name a file in it";
	if (stats.isFIFO()) return "is a named pipe, expected a file";
	return `is a ${stats.isSocket() ? "socket" : "device"}, expected a file`;
}
function realPathOf(path) {
	let real = path;
	try {
		real = node_fs.realpathSync.native(path);
		const inside = (0, node_path.relative)(node_fs.realpathSync.native("."), real);
		if (!inside.startsWith("..") && !(0, node_path.isAbsolute)(inside)) real = inside;
	} catch {}
	return real.replaceAll(node_path.sep, "/");
}
// src/host/node-host.ts
const { env } = process;
const nodeHost = {
	core: {
		error,
		exportVariable,
		getInput,
		info,
		notice,
		saveState,
		setOutput,
		setSecret,
		warning
	},
	context,
	env,
	eventProblem,
	files: nodeFiles,
	appendSummary(markdown) {
		if (!env.GITHUB_STEP_SUMMARY) throw new Error("the runner did not set GITHUB_STEP_SUMMARY");
		(0, node_fs.appendFileSync)(env.GITHUB_STEP_SUMMARY, markdown);
	},
	writeTemp(name, text) {
		const path = (0, node_path.join)(env.RUNNER_TEMP || (0, node_os.tmpdir)(), `${(0, node_crypto.randomUUID)()}-${name}`);
		(0, node_fs.writeFileSync)(path, text, {
			mode: 384,
			flag: "wx"
		});
		return path;
	},
	connect: (options) => createTransport({
		...options,
		env
	}),
	now: Date.now,
	wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
	random: Math.random,
	newId: node_crypto.randomUUID,
	version
};
// src/plan/track.ts
const Tracked = object({
	id: string(),
	exists: boolean$1(),
	start_time: optional$1(string()),
	sent: array(string())
});
function startedBy({ id, start_time }) {
	return {
		id,
		exists: false,
		start_time,
		sent: []
	};
}
function madeBy(span, { fields }, id = span.id) {
	return {
		id,
		exists: true,
		start_time: span.start_time,
		sent: Object.keys(fields)
	};
}
function parseTracked(state) {
	try {
		return parse$2(Tracked, JSON.parse(state));
	} catch {
		throw new Error("STATE_tracked is not what the start of the job saved, so the end cannot be recorded. Only the step may set it.");
	}
}
function atStart({ fields, keepsMeta }, now) {
	const { score, error, output, end_time, ...known } = fields;
	return {
		fields: {
			start_time: now.toISOString(),
			...known
		},
		clear: [],
		keepsMeta,
		jobError: void 0
	};
}
function atEnd(recording, { start_time, sent }, now) {
	const fields = {
		end_time: now.toISOString(),
		...recording.fields,
		...start_time !== void 0 && { start_time }
	};
	const unsent = Object.entries(fields).filter(([name]) => name === "meta" || !sent.includes(name));
	return {
		...recording,
		fields: Object.fromEntries(unsent)
	};
}
// action.yml
const defaults = {
	"operation": "update",
	"span_id": "",
	"api_key": "",
	"base_url": "https://api.opper.ai/v2",
	"parent_id": "",
	"trace_id": "",
	"score": "",
	"score_scale": "",
	"error": "",
	"meta": "",
	"meta_file": "",
	"end_time": "",
	"start_time": "",
	"name": "",
	"type": "",
	"input": "",
	"output": "",
	"clear": "",
	"results_file": "",
	"results_format": "auto",
	"score_pointer": "",
	"metrics": "",
	"results_metrics": "false",
	"case_spans": "none",
	"max_case_spans": "100",
	"min_score": "",
	"meta_mode": "merge",
	"ci_meta": "true",
	"fail_on_api_error": "true",
	"dry_run": "false",
	"summary": "true",
	"timeout_seconds": "10",
	"retries": "3",
	"job_status": "",
	"job_matrix": "",
	"job_check_run_id": ""
};
// src/timestamp.ts
const UNIX_SECONDS = /^\d{10}(\.\d{1,9})?$/;
const UNIX_MILLISECONDS = /^\d{13}$/;
const DATE_AND_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;
const WITH_OFFSET = datetime({ offset: true });
function parseTimestamp(text, now) {
	if (text === "now") return now.toISOString();
	const [unixSeconds, fraction = ""] = UNIX_SECONDS.exec(text) ?? [];
	if (unixSeconds !== void 0) return new Date(Number(text.slice(0, 10)) * 1e3).toISOString().replace(".000Z", `${fraction}Z`);
	if (UNIX_MILLISECONDS.test(text)) return new Date(Number(text)).toISOString();
	if (isTime(text)) return text;
	throw new FormError(`${quoted(text)} ${faultOf(text)}`);
}
function instantOf(timestamp) {
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
const orNull$1 = (schema) => exactOptional(nullable(schema));
const text$1 = string("expected text");
const textOrNull = orNull$1(text$1);
const jsonOrNull = orNull$1(custom());
const number$1 = custom((value) => numberOf(value) !== void 0, "expected a number");
const Span = looseObject({
	id: text$1,
	name: text$1,
	trace_id: textOrNull,
	parent_id: textOrNull,
	type: textOrNull,
	start_time: textOrNull,
	end_time: textOrNull,
	input: jsonOrNull,
	output: jsonOrNull,
	error: textOrNull,
	meta: orNull$1(custom(isJsonObject, "expected an object")),
	score: orNull$1(number$1),
	feedback: orNull$1(looseObject({
		score: orNull$1(number$1),
		comment: textOrNull
	}, "expected an object"))
});
function fieldsOf(values) {
	const given = SPAN_FIELDS.filter((field) => values[field] !== void 0);
	return Object.fromEntries(given.map((field) => [field, values[field]]));
}
function durationMsOf({ start_time, end_time }) {
	const [start, end] = [start_time, end_time].map((time) => instantOf(time ?? ""));
	return start === void 0 || end === void 0 ? void 0 : end - start;
}
// src/uuid.ts
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
// src/inputs/forms.ts
const because = (what) => ({ error: ({ input }) => `${quoted(textOf(input))} ${what}` });
function parsedBy(parse) {
	return transform((value, { issues }) => {
		try {
			return parse(value);
		} catch (error) {
			if (!(error instanceof FormError)) throw error;
			issues.push({
				code: "custom",
				message: error.message,
				input: value
			});
			return NEVER;
		}
	});
}
function optional(schema) {
	return schema;
}
function json(read) {
	return optional(parsedBy(read));
}
const verbatim = transform((value) => withoutAtEnd(textOf(value), "\r\n") || void 0);
const trimmed = transform((value) => typeof value === "string" ? value.trim() : value);
const text = transform((value) => textOf(value).trim());
const uuid = matching(UUID, "is not a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a");
const jsonPointer = matching(/^\/([^~]|~[01])*$/, "is not a JSON Pointer such as /summary/accuracy");
const timestampAt = (now) => parsedBy((value) => parseTimestamp(textOf(value).trim(), now));
const boolean = pipe(trimmed, stringbool({
	truthy: ["true"],
	falsy: ["false"],
	...because("is not true or false")
}));
function oneOf(words) {
	return pipe(trimmed, _enum(words, because(`is not one of ${words.join(", ")}`)));
}
function namesAmong(names, what) {
	const split = (value) => Array.isArray(value) ? value : textOf(value).split(/[\s,]/);
	return pipe(transform((value) => {
		const given = [...new Set(split(value))].filter((name) => name !== "");
		return given.length > 0 ? given : void 0;
	}), optional$1(array(_enum(names, because(`${what}: ${names.join(", ")}`)))));
}
const lines = transform((value) => {
	return value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
});
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/;
function numberForm(what) {
	const read = (value) => {
		const word = typeof value === "string" ? value.trim() : value;
		const number = typeof word === "string" && DECIMAL.test(word) ? Number(word) : numberOf(word);
		return Number.isFinite(number) ? number : word;
	};
	return pipe(transform(read), number$2(because(what)));
}
const positiveNumber = numberForm("is not a number such as 100").check(_positive(because("must be above 0")));
function numberBetween(least, most, what) {
	const whole = `${what} from ${least} to ${most}`;
	return numberForm(whole).check(_gte(least, because(whole)), _lte(most, because(whole)));
}
function wholeNumber(least, most) {
	const what = "is not a whole number";
	return numberBetween(least, most, what).check(int(because(`${what} from ${least} to ${most}`)));
}
const apiKey = parsedBy((value) => {
	const key = textOf(value).trim();
	if (!/^[\x20-\x7e]+$/.test(key)) throw new FormError("has a line break or a character that is not printable ASCII. Check the secret it comes from");
	if (/^bearer( |$)/i.test(key)) throw new FormError("begins with \"Bearer\". Remove that word: the step adds it");
	return key;
});
const baseUrl = parsedBy((value) => {
	const written = textOf(value).trim();
	const url = URL.parse(written);
	if (!url || !/^[a-z][a-z\d+.-]*:\/\/[^/\\]/i.test(written) || /\s/.test(written)) throw new FormError("is not a URL with a host, such as https://api.opper.ai/v2. Check that no variable in it is empty");
	if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) throw new FormError("must begin with https:// (http:// only for a loopback address), so that the key is not sent in plain text");
	if (url.username || url.password) throw new FormError("has a user or a password. Remove everything between // and @");
	if (/[?#]/.test(written)) throw new FormError("has a query or fragment. Remove everything from the ? or # on");
	const base = withoutAtEnd(url.href, "/");
	const end = base.slice(base.lastIndexOf("/") + 1);
	if (end === "spans" || UUID.test(end)) throw new FormError("ends in /spans or a span id. Remove that: the step adds it");
	return base;
});
function metaObject(value) {
	return objectIn(value, "{\"dataset\": \"v3\"}");
}
function metricsObject(value) {
	const entries = Object.entries(objectIn(value, "{\"accuracy\": 0.92}")).map(([dimension, given]) => {
		if (dimension.trim() === "") throw new FormError("has a dimension without a name. Write one, such as {\"accuracy\": 0.92}");
		const metric = metricIn(given);
		if (metric) return [dimension, metric];
		throw new FormError(`has ${cut(JSON.stringify(given), 200)} for ${quoted(dimension)}, expected a number, or {"value": number, "comment": text}`);
	});
	return Object.fromEntries(entries);
}
function metricIn(given) {
	const { value, comment = null, ...others } = isJsonObject(given) ? given : { value: given };
	const number = numberOf(value);
	if (number === void 0 || !Number.isFinite(number) || Object.keys(others).length > 0) return void 0;
	if (comment === null) return { value: number };
	return typeof comment === "string" ? {
		value: number,
		comment
	} : void 0;
}
function objectIn(value, example) {
	const object = typeof value === "string" ? parseExactJson(value) : value;
	if (isJsonObject(object)) return object;
	throw new FormError(`is ${kindOf(object)}, expected a JSON object such as ${example}`);
}
function matching(pattern, what) {
	return pipe(text, string().check(_regex(pattern, because(what))));
}
function withoutAtEnd(text, characters) {
	let end = text.length;
	while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
	return text.slice(0, end);
}
// src/inputs/inputs.ts
const OPERATIONS = [
	"update",
	"get",
	"create",
	"track"
];
const CLEARABLE = SPAN_FIELDS.filter((field) => field !== "name");
const formsAt = (now) => ({
	operation: oneOf(OPERATIONS),
	span_id: optional(uuid),
	api_key: optional(apiKey),
	base_url: baseUrl,
	parent_id: optional(uuid),
	trace_id: optional(uuid),
	score: optional(numberForm("is not a number such as 87, or 0.87 with score_scale 100")),
	score_scale: optional(positiveNumber),
	error: verbatim,
	meta: json(metaObject),
	meta_file: optional(text),
	end_time: optional(timestampAt(now)),
	start_time: optional(timestampAt(now)),
	name: verbatim,
	type: verbatim,
	input: verbatim,
	output: verbatim,
	clear: optional(namesAmong(CLEARABLE, "is not one of the fields that can be cleared")),
	results_file: optional(lines),
	results_format: oneOf([
		"auto",
		"junit",
		"ctrf",
		"promptfoo",
		"jest",
		"json",
		"fields"
	]),
	score_pointer: optional(jsonPointer),
	metrics: json(metricsObject),
	results_metrics: boolean,
	case_spans: oneOf([
		"none",
		"failed",
		"all"
	]),
	max_case_spans: wholeNumber(1, 1e3),
	min_score: optional(numberForm("is not a number such as 80")),
	meta_mode: oneOf(["merge", "replace"]),
	ci_meta: boolean,
	fail_on_api_error: boolean,
	dry_run: boolean,
	summary: boolean,
	timeout_seconds: numberBetween(.001, 3600, "is not a number of seconds"),
	retries: wholeNumber(0, 10),
	job_status: optional(oneOf([
		"success",
		"failure",
		"cancelled"
	])),
	job_matrix: json((value) => parseJson(textOf(value))),
	job_check_run_id: optional(text)
});
const FIELD_NAMES = [
	...SPAN_FIELDS,
	"score_scale",
	"clear",
	"metrics"
];
const RECORDED = [
	...FIELD_NAMES,
	"meta_file",
	"results_file"
];
function readInputs(getInput, environmentKey, now) {
	const given = Object.keys(defaults).map((name) => {
		const value = getInput(name);
		return [name, value.trim() === "" ? defaults[name] || value : value];
	});
	const values = Object.fromEntries(given);
	if (values.api_key?.trim() === "") values.api_key = environmentKey ?? "";
	return readForms(formsAt(now), values, (name) => name);
}
function defaultInputs() {
	return readInputs(() => "", void 0, new Date(0)).values;
}
function readFields(document, path, now) {
	const forms = formsAt(now);
	const known = Object.fromEntries(FIELD_NAMES.map((name) => [name, forms[name]]));
	const read = readForms(known, document, (name) => `${name} in ${path}`);
	const unknown = Object.keys(document).filter((name) => !Object.hasOwn(known, name));
	const problems = [...read.problems];
	if (unknown.length > 0) {
		const message = `${path} has ${unknown.map(quoted).join(", ")}, but may have only ${FIELD_NAMES.join(", ")}`;
		problems.push({
			name: "results_file",
			message
		});
	} else if (problems.length === 0 && Object.keys(read.values).every((name) => name === "score_scale")) problems.push({
		name: "results_file",
		message: `${path} sets no field, so there is nothing to record`
	});
	return {
		values: read.values,
		problems
	};
}
function readForms(forms, given, nameOf) {
	const problems = [];
	const entries = Object.entries(forms).flatMap(([name, form]) => {
		const value = Object.hasOwn(given, name) ? given[name] : null;
		if (form !== verbatim && textOf(value).trim() === "") return [];
		const { success, data, error } = safeParse(form, value);
		if (success) return data === void 0 ? [] : [[name, data]];
		problems.push({
			name: nameOf(name),
			message: error.issues[0]?.message ?? ""
		});
		return [];
	});
	return {
		values: Object.fromEntries(entries),
		problems
	};
}
// src/job.ts
function jobOf(context, inputs) {
	const { job_status: status } = inputs;
	const links = linksOf(context, inputs);
	const name = `${context.job}${matrixText(inputs.job_matrix)}`;
	const isBroken = status === "failure" || status === "cancelled";
	const what = status === "failure" ? "failed" : "was cancelled";
	const where = `${context.workflow ? ` in workflow ${context.workflow}` : ""}${links.job ? `: ${links.job}` : ""}`;
	return {
		status,
		isBroken,
		error: isBroken ? `${context.job ? `Job ${name}` : "The job"} ${what}${where}` : void 0,
		facts: factsOf(context, inputs, links),
		links,
		title: [context.workflow, context.job && name].filter(Boolean).join(" / ") || "GitHub Actions job",
		withholdsSecrets: withholdsSecrets(context)
	};
}
function factsOf(context, inputs, links) {
	const { head, base, change } = refsOf(context);
	const repo = repoOf(context);
	const { job_status: status } = inputs;
	return known({
		"cicd.pipeline.name": context.workflow,
		"cicd.pipeline.run.id": idOf(context.runId),
		"cicd.pipeline.run.url.full": links.run,
		"cicd.pipeline.task.name": context.job,
		"cicd.pipeline.task.run.id": inputs.job_check_run_id,
		"cicd.pipeline.task.run.url.full": links.job,
		"cicd.pipeline.task.run.result": status === "cancelled" ? "cancellation" : status,
		"vcs.provider.name": repo && "github",
		"vcs.owner.name": repo?.owner,
		"vcs.repository.name": repo?.repo,
		"vcs.repository.url.full": repo && `${context.serverUrl}/${repo.owner}/${repo.repo}`,
		"vcs.ref.head.name": head.name,
		"vcs.ref.head.type": head.type,
		"vcs.ref.head.revision": head.revision,
		"vcs.ref.base.name": base?.name,
		"vcs.ref.base.revision": base?.revision,
		"vcs.change.id": idOf(change?.number),
		"vcs.change.title": change?.title,
		"github.event_name": context.eventName,
		"github.actor": context.actor,
		"github.run_attempt": context.runAttempt,
		"github.matrix": inputs.job_matrix
	});
}
function linksOf(context, { job_check_run_id: id }) {
	const repo = repoOf(context);
	const runId = idOf(context.runId);
	if (!repo || !runId) return {};
	const run = `${context.serverUrl}/${repo.owner}/${repo.repo}/actions/runs/${runId}`;
	return {
		run,
		job: id ? `${run}/job/${id}` : run
	};
}
const DEPENDABOT = "dependabot[bot]";
const WITHHELD_FROM_FORKS = [
	"pull_request",
	"pull_request_review",
	"pull_request_review_comment"
];
const WITHHELD_FROM_DEPENDABOT = [
	...WITHHELD_FROM_FORKS,
	"create",
	"deployment",
	"deployment_status",
	"push"
];
function withholdsSecrets({ actor, eventName, payload: { pull_request: pull } }) {
	if (actor === DEPENDABOT) return eventName === "pull_request_target" ? pull?.user?.login === DEPENDABOT : WITHHELD_FROM_DEPENDABOT.includes(eventName);
	if (!WITHHELD_FROM_FORKS.includes(eventName)) return false;
	return pull !== void 0 && pull.head?.repo?.full_name !== pull.base?.repo?.full_name;
}
function refsOf({ payload, ref, sha }) {
	const { pull_request: pull, merge_group: group, workflow_run: trigger } = payload;
	if (pull?.head) return {
		head: branch(pull.head.ref, pull.head.sha),
		base: branch(pull.base?.ref, pull.base?.sha),
		change: pull
	};
	if (group) return {
		head: refOf(group.head_ref, group.head_sha),
		base: refOf(group.base_ref, group.base_sha)
	};
	if (trigger) {
		const change = trigger.pull_requests?.[0];
		const type = /^pull_request/.test(trigger.event) ? "branch" : void 0;
		return {
			head: {
				name: trigger.head_branch,
				type,
				revision: trigger.head_sha
			},
			...change && {
				base: branch(change.base?.ref, change.base?.sha),
				change
			}
		};
	}
	return { head: refOf(ref, sha) };
}
function branch(name, revision) {
	return {
		name,
		type: "branch",
		revision
	};
}
function refOf(ref, revision) {
	const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref ?? "") ?? [];
	if (!kind) return { revision };
	return {
		name,
		type: kind === "tags" ? "tag" : "branch",
		revision
	};
}
function repoOf(context) {
	try {
		const { owner, repo } = context.repo;
		return owner && repo ? {
			owner,
			repo
		} : void 0;
	} catch {
		return;
	}
}
function idOf(number) {
	return Number.isInteger(number) ? String(number) : void 0;
}
function matrixText(matrix) {
	if (!isJsonObject(matrix)) return "";
	const values = Object.values(matrix).filter((value) => typeof value !== "object");
	return values.length > 0 ? ` (${values.join(", ")})` : "";
}
function known(facts) {
	const isKnown = ([, value]) => value !== void 0 && value !== null && value !== "" && !Number.isNaN(value) && !isEmpty$1(value);
	return Object.fromEntries(Object.entries(facts).filter(isKnown));
}
function isEmpty$1(value) {
	return isJsonObject(value) && Object.keys(value).length === 0;
}
// src/api/case-spans.ts
const AT_ONCE = 4;
const PROGRESS_EVERY = 100;
async function createCaseSpans(client, spans, { id, trace_id }, { onProgress }) {
	const next = spans.values();
	const parent = {
		...id && { parent_id: id },
		...trace_id && { trace_id }
	};
	let made = 0;
	let failure;
	async function work() {
		for (const span of next) {
			if (failure) return;
			try {
				await client.createSpan({
					...span,
					...parent
				});
			} catch (error) {
				if (!(error instanceof ApiError || error instanceof InputError)) throw error;
				failure ??= error;
				return;
			}
			made++;
			if (made % PROGRESS_EVERY === 0 && made < spans.length) onProgress(made, spans.length);
		}
	}
	await Promise.all(Array.from({ length: AT_ONCE }, work));
	return {
		made,
		of: spans.length,
		failure
	};
}
// node_modules/destr/dist/index.mjs
const suspectProtoRx = /"(?:_|\\u0{2}5[Ff]){2}(?:p|\\u0{2}70)(?:r|\\u0{2}72)(?:o|\\u0{2}6[Ff])(?:t|\\u0{2}74)(?:o|\\u0{2}6[Ff])(?:_|\\u0{2}5[Ff]){2}"\s*:/;
const suspectConstructorRx = /"(?:c|\\u0063)(?:o|\\u006[Ff])(?:n|\\u006[Ee])(?:s|\\u0073)(?:t|\\u0074)(?:r|\\u0072)(?:u|\\u0075)(?:c|\\u0063)(?:t|\\u0074)(?:o|\\u006[Ff])(?:r|\\u0072)"\s*:/;
const JsonSigRx = /^\s*["[{]|^\s*-?\d{1,16}(\.\d{1,17})?([Ee][+-]?\d+)?\s*$/;
function jsonParseTransform(key, value) {
	if (key === "__proto__" || key === "constructor" && value && typeof value === "object" && "prototype" in value) {
		warnKeyDropped(key);
		return;
	}
	return value;
}
function warnKeyDropped(key) {
	console.warn(`[destr] Dropping "${key}" key to prevent prototype pollution.`);
}
function destr(value, options = {}) {
	if (typeof value !== "string") return value;
	if (value[0] === "\"" && value[value.length - 1] === "\"" && value.indexOf("\\") === -1) return value.slice(1, -1);
	const _value = value.trim();
	if (_value.length <= 9) switch (_value.toLowerCase()) {
		case "true": return true;
		case "false": return false;
		case "undefined": return;
		case "null": return null;
		case "nan": return NaN;
		case "infinity": return Number.POSITIVE_INFINITY;
		case "-infinity": return Number.NEGATIVE_INFINITY;
	}
	if (!JsonSigRx.test(value)) {
		if (options.strict) throw new SyntaxError("[destr] Invalid JSON");
		return value;
	}
	try {
		if (suspectProtoRx.test(value) || suspectConstructorRx.test(value)) {
			if (options.strict) throw new Error("[destr] Possible prototype pollution");
			return JSON.parse(value, jsonParseTransform);
		}
		return JSON.parse(value);
	} catch (error) {
		if (options.strict) throw error;
		return value;
	}
}
String.fromCharCode;
const HASH_RE = /#/g;
const AMPERSAND_RE = /&/g;
const SLASH_RE = /\//g;
const EQUAL_RE = /=/g;
const PLUS_RE = /\+/g;
const ENC_CARET_RE = /%5e/gi;
const ENC_BACKTICK_RE = /%60/gi;
const ENC_PIPE_RE = /%7c/gi;
const ENC_SPACE_RE = /%20/gi;
function encode(text) {
	return encodeURI("" + text).replace(ENC_PIPE_RE, "|");
}
function encodeQueryValue(input) {
	return encode(typeof input === "string" ? input : JSON.stringify(input)).replace(PLUS_RE, "%2B").replace(ENC_SPACE_RE, "+").replace(HASH_RE, "%23").replace(AMPERSAND_RE, "%26").replace(ENC_BACKTICK_RE, "`").replace(ENC_CARET_RE, "^").replace(SLASH_RE, "%2F");
}
function encodeQueryKey(text) {
	return encodeQueryValue(text).replace(EQUAL_RE, "%3D");
}
function decode(text = "") {
	try {
		return decodeURIComponent("" + text);
	} catch {
		return "" + text;
	}
}
function decodeQueryKey(text) {
	return decode(text.replace(PLUS_RE, " "));
}
function decodeQueryValue(text) {
	return decode(text.replace(PLUS_RE, " "));
}
function parseQuery(parametersString = "") {
	const object = Object.create(null);
	if (parametersString[0] === "?") parametersString = parametersString.slice(1);
	for (const parameter of parametersString.split("&")) {
		const s = parameter.match(/([^=]+)=?(.*)/) || [];
		if (s.length < 2) continue;
		const key = decodeQueryKey(s[1]);
		if (key === "__proto__" || key === "constructor") continue;
		const value = decodeQueryValue(s[2] || "");
		if (object[key] === void 0) object[key] = value;
		else if (Array.isArray(object[key])) object[key].push(value);
		else object[key] = [object[key], value];
	}
	return object;
}
function encodeQueryItem(key, value) {
	if (typeof value === "number" || typeof value === "boolean") value = String(value);
	if (!value) return encodeQueryKey(key);
	if (Array.isArray(value)) return value.map((_value) => `${encodeQueryKey(key)}=${encodeQueryValue(_value)}`).join("&");
	return `${encodeQueryKey(key)}=${encodeQueryValue(value)}`;
}
function stringifyQuery(query) {
	return Object.keys(query).filter((k) => query[k] !== void 0).map((k) => encodeQueryItem(k, query[k])).filter(Boolean).join("&");
}
const PROTOCOL_STRICT_REGEX = /^[\s\w\0+.-]{2,}:([/\\]{1,2})/;
const PROTOCOL_REGEX = /^[\s\w\0+.-]{2,}:([/\\]{2})?/;
const PROTOCOL_RELATIVE_REGEX = /^([/\\]\s*){2,}[^/\\]/;
const TRAILING_SLASH_RE = /\/$|\/\?|\/#/;
const JOIN_LEADING_SLASH_RE = /^\.?\//;
function hasProtocol(inputString, opts = {}) {
	if (typeof opts === "boolean") opts = { acceptRelative: opts };
	if (opts.strict) return PROTOCOL_STRICT_REGEX.test(inputString);
	return PROTOCOL_REGEX.test(inputString) || (opts.acceptRelative ? PROTOCOL_RELATIVE_REGEX.test(inputString) : false);
}
function hasTrailingSlash(input = "", respectQueryAndFragment) {
	if (!respectQueryAndFragment) return input.endsWith("/");
	return TRAILING_SLASH_RE.test(input);
}
function withoutTrailingSlash(input = "", respectQueryAndFragment) {
	if (!respectQueryAndFragment) return (hasTrailingSlash(input) ? input.slice(0, -1) : input) || "/";
	if (!hasTrailingSlash(input, true)) return input || "/";
	let path = input;
	let fragment = "";
	const fragmentIndex = input.indexOf("#");
	if (fragmentIndex !== -1) {
		path = input.slice(0, fragmentIndex);
		fragment = input.slice(fragmentIndex);
	}
	const [s0, ...s] = path.split("?");
	return ((s0.endsWith("/") ? s0.slice(0, -1) : s0) || "/") + (s.length > 0 ? `?${s.join("?")}` : "") + fragment;
}
function withTrailingSlash(input = "", respectQueryAndFragment) {
	if (!respectQueryAndFragment) return input.endsWith("/") ? input : input + "/";
	if (hasTrailingSlash(input, true)) return input || "/";
	let path = input;
	let fragment = "";
	const fragmentIndex = input.indexOf("#");
	if (fragmentIndex !== -1) {
		path = input.slice(0, fragmentIndex);
		fragment = input.slice(fragmentIndex);
		if (!path) return fragment;
	}
	const [s0, ...s] = path.split("?");
	return s0 + "/" + (s.length > 0 ? `?${s.join("?")}` : "") + fragment;
}
function withBase(input, base) {
	if (isEmptyURL(base) || hasProtocol(input)) return input;
	const _base = withoutTrailingSlash(base);
	if (input.startsWith(_base)) {
		const nextChar = input[_base.length];
		if (!nextChar || nextChar === "/" || nextChar === "?") return input;
	}
	return joinURL(_base, input);
}
function withQuery(input, query) {
	const parsed = parseURL(input);
	parsed.search = stringifyQuery({
		...parseQuery(parsed.search),
		...query
	});
	return stringifyParsedURL(parsed);
}
function isEmptyURL(url) {
	return !url || url === "/";
}
function isNonEmptyURL(url) {
	return url && url !== "/";
}
function joinURL(base, ...input) {
	let url = base || "";
	for (const segment of input.filter((url2) => isNonEmptyURL(url2))) if (url) {
		const _segment = segment.replace(JOIN_LEADING_SLASH_RE, "");
		url = withTrailingSlash(url) + _segment;
	} else url = segment;
	return url;
}
const protocolRelative = Symbol.for("ufo:protocolRelative");
function parseURL(input = "", defaultProto) {
	const _specialProtoMatch = input.match(/^[\s\0]*(blob:|data:|javascript:|vbscript:)(.*)/i);
	if (_specialProtoMatch) {
		const [, _proto, _pathname = ""] = _specialProtoMatch;
		return {
			protocol: _proto.toLowerCase(),
			pathname: _pathname,
			href: _proto + _pathname,
			auth: "",
			host: "",
			search: "",
			hash: ""
		};
	}
	if (!hasProtocol(input, { acceptRelative: true })) return defaultProto ? parseURL(defaultProto + input) : parsePath(input);
	const [, protocol = "", auth, hostAndPath = ""] = input.replace(/\\/g, "/").match(/^[\s\0]*([\w+.-]{2,}:)?\/\/([^/@]+@)?(.*)/) || [];
	let [, host = "", path = ""] = hostAndPath.match(/([^#/?]*)(.*)?/) || [];
	if (protocol === "file:") path = path.replace(/\/(?=[A-Za-z]:)/, "");
	const { pathname, search, hash } = parsePath(path);
	return {
		protocol: protocol.toLowerCase(),
		auth: auth ? auth.slice(0, Math.max(0, auth.length - 1)) : "",
		host,
		pathname,
		search,
		hash,
		[protocolRelative]: !protocol
	};
}
function parsePath(input = "") {
	const [pathname = "", search = "", hash = ""] = (input.match(/([^#?]*)(\?[^#]*)?(#.*)?/) || []).splice(1);
	return {
		pathname,
		search,
		hash
	};
}
function stringifyParsedURL(parsed) {
	const pathname = parsed.pathname || "";
	const search = parsed.search ? (parsed.search.startsWith("?") ? "" : "?") + parsed.search : "";
	const hash = parsed.hash || "";
	const auth = parsed.auth ? parsed.auth + "@" : "";
	const host = parsed.host || "";
	return (parsed.protocol || parsed[protocolRelative] ? (parsed.protocol || "") + "//" : "") + auth + host + pathname + search + hash;
}
// node_modules/ofetch/dist/shared/ofetch.CWycOUEr.mjs
var FetchError = class extends Error {
	constructor(message, opts) {
		super(message, opts);
		this.name = "FetchError";
		if (opts?.cause && !this.cause) this.cause = opts.cause;
	}
};
function createFetchError(ctx) {
	const errorMessage = ctx.error?.message || ctx.error?.toString() || "";
	const method = ctx.request?.method || ctx.options?.method || "GET";
	const url = ctx.request?.url || String(ctx.request) || "/";
	const fetchError = new FetchError(`${`[${method}] ${JSON.stringify(url)}`}: ${ctx.response ? `${ctx.response.status} ${ctx.response.statusText}` : "<no response>"}${errorMessage ? ` ${errorMessage}` : ""}`, ctx.error ? { cause: ctx.error } : void 0);
	for (const key of [
		"request",
		"options",
		"response"
	]) Object.defineProperty(fetchError, key, { get() {
		return ctx[key];
	} });
	for (const [key, refKey] of [
		["data", "_data"],
		["status", "status"],
		["statusCode", "status"],
		["statusText", "statusText"],
		["statusMessage", "statusText"]
	]) Object.defineProperty(fetchError, key, { get() {
		return ctx.response && ctx.response[refKey];
	} });
	return fetchError;
}
const payloadMethods = new Set(Object.freeze([
	"PATCH",
	"POST",
	"PUT",
	"DELETE"
]));
function isPayloadMethod(method = "GET") {
	return payloadMethods.has(method.toUpperCase());
}
function isJSONSerializable(value) {
	if (value === void 0) return false;
	const t = typeof value;
	if (t === "string" || t === "number" || t === "boolean" || t === null) return true;
	if (t !== "object") return false;
	if (Array.isArray(value)) return true;
	if (value.buffer) return false;
	if (value instanceof FormData || value instanceof URLSearchParams) return false;
	return value.constructor && value.constructor.name === "Object" || typeof value.toJSON === "function";
}
const textTypes = new Set([
	"image/svg",
	"application/xml",
	"application/xhtml",
	"application/html"
]);
const JSON_RE = /^application\/(?:[\w!#$%&*.^`~-]*\+)?json(;.+)?$/i;
function detectResponseType(_contentType = "") {
	if (!_contentType) return "json";
	const contentType = _contentType.split(";").shift() || "";
	if (JSON_RE.test(contentType)) return "json";
	if (contentType === "text/event-stream") return "stream";
	if (textTypes.has(contentType) || contentType.startsWith("text/")) return "text";
	return "blob";
}
function resolveFetchOptions(request, input, defaults, Headers) {
	const headers = mergeHeaders(input?.headers ?? request?.headers, defaults?.headers, Headers);
	let query;
	if (defaults?.query || defaults?.params || input?.params || input?.query) query = {
		...defaults?.params,
		...defaults?.query,
		...input?.params,
		...input?.query
	};
	return {
		...defaults,
		...input,
		query,
		params: query,
		headers
	};
}
function mergeHeaders(input, defaults, Headers) {
	if (!defaults) return new Headers(input);
	const headers = new Headers(defaults);
	if (input) for (const [key, value] of Symbol.iterator in input || Array.isArray(input) ? input : new Headers(input)) headers.set(key, value);
	return headers;
}
async function callHooks(context, hooks) {
	if (hooks) {
		if (Array.isArray(hooks)) for (const hook of hooks) await hook(context);
		else await hooks(context);
	}
}
const retryStatusCodes = new Set([
	408,
	409,
	425,
	429,
	500,
	502,
	503,
	504
]);
const nullBodyResponses = new Set([
	101,
	204,
	205,
	304
]);
function createFetch(globalOptions = {}) {
	const { fetch = globalThis.fetch, Headers = globalThis.Headers, AbortController = globalThis.AbortController } = globalOptions;
	async function onError(context) {
		const isAbort = context.error && context.error.name === "AbortError" && !context.options.timeout || false;
		if (context.options.retry !== false && !isAbort) {
			let retries;
			if (typeof context.options.retry === "number") retries = context.options.retry;
			else retries = isPayloadMethod(context.options.method) ? 0 : 1;
			const responseCode = context.response && context.response.status || 500;
			if (retries > 0 && (Array.isArray(context.options.retryStatusCodes) ? context.options.retryStatusCodes.includes(responseCode) : retryStatusCodes.has(responseCode))) {
				const retryDelay = typeof context.options.retryDelay === "function" ? context.options.retryDelay(context) : context.options.retryDelay || 0;
				if (retryDelay > 0) await new Promise((resolve) => setTimeout(resolve, retryDelay));
				return $fetchRaw(context.request, {
					...context.options,
					retry: retries - 1
				});
			}
		}
		const error = createFetchError(context);
		if (Error.captureStackTrace) Error.captureStackTrace(error, $fetchRaw);
		throw error;
	}
	const $fetchRaw = async function $fetchRaw2(_request, _options = {}) {
		const context = {
			request: _request,
			options: resolveFetchOptions(_request, _options, globalOptions.defaults, Headers),
			response: void 0,
			error: void 0
		};
		if (context.options.method) context.options.method = context.options.method.toUpperCase();
		if (context.options.onRequest) {
			await callHooks(context, context.options.onRequest);
			if (!(context.options.headers instanceof Headers)) context.options.headers = new Headers(context.options.headers || {});
		}
		if (typeof context.request === "string") {
			if (context.options.baseURL) context.request = withBase(context.request, context.options.baseURL);
			if (context.options.query) {
				context.request = withQuery(context.request, context.options.query);
				delete context.options.query;
			}
			if ("query" in context.options) delete context.options.query;
			if ("params" in context.options) delete context.options.params;
		}
		if (context.options.body && isPayloadMethod(context.options.method)) {
			if (isJSONSerializable(context.options.body)) {
				const contentType = context.options.headers.get("content-type");
				if (typeof context.options.body !== "string") context.options.body = contentType === "application/x-www-form-urlencoded" ? new URLSearchParams(context.options.body).toString() : JSON.stringify(context.options.body);
				if (!contentType) context.options.headers.set("content-type", "application/json");
				if (!context.options.headers.has("accept")) context.options.headers.set("accept", "application/json");
			} else if ("pipeTo" in context.options.body && typeof context.options.body.pipeTo === "function" || typeof context.options.body.pipe === "function") {
				if (!("duplex" in context.options)) context.options.duplex = "half";
			}
		}
		let abortTimeout;
		if (!context.options.signal && context.options.timeout) {
			const controller = new AbortController();
			abortTimeout = setTimeout(() => {
				const error = new Error("[TimeoutError]: The operation was aborted due to timeout");
				error.name = "TimeoutError";
				error.code = 23;
				controller.abort(error);
			}, context.options.timeout);
			context.options.signal = controller.signal;
		}
		try {
			context.response = await fetch(context.request, context.options);
		} catch (error) {
			context.error = error;
			if (context.options.onRequestError) await callHooks(context, context.options.onRequestError);
			return await onError(context);
		} finally {
			if (abortTimeout) clearTimeout(abortTimeout);
		}
		if ((context.response.body || context.response._bodyInit) && !nullBodyResponses.has(context.response.status) && context.options.method !== "HEAD") {
			const responseType = (context.options.parseResponse ? "json" : context.options.responseType) || detectResponseType(context.response.headers.get("content-type") || "");
			switch (responseType) {
				case "json": {
					const data = await context.response.text();
					const parseFunction = context.options.parseResponse || destr;
					context.response._data = parseFunction(data);
					break;
				}
				case "stream":
					context.response._data = context.response.body || context.response._bodyInit;
					break;
				default: context.response._data = await context.response[responseType]();
			}
		}
		if (context.options.onResponse) await callHooks(context, context.options.onResponse);
		if (!context.options.ignoreResponseError && context.response.status >= 400 && context.response.status < 600) {
			if (context.options.onResponseError) await callHooks(context, context.options.onResponseError);
			return await onError(context);
		}
		return context.response;
	};
	const $fetch = async function $fetch2(request, options) {
		return (await $fetchRaw(request, options))._data;
	};
	$fetch.raw = $fetchRaw;
	$fetch.native = (...args) => fetch(...args);
	$fetch.create = (defaultOptions = {}, customGlobalOptions = {}) => createFetch({
		...globalOptions,
		...customGlobalOptions,
		defaults: {
			...globalOptions.defaults,
			...customGlobalOptions.defaults,
			...defaultOptions
		}
	});
	return $fetch;
}
// src/api/retry.ts
const MAX_RETRY_AFTER_MS = 6e4;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 1e4;
const RETRIED_STATUSES = [
	408,
	425,
	429,
	500,
	502,
	503,
	504
];
function isRetriedStatus(status) {
	return RETRIED_STATUSES.includes(status);
}
function waitBefore(retry, askedMs, random) {
	return Math.max(random * Math.min(FIRST_WAIT_MS * 2 ** (retry - 1), MAX_WAIT_MS), askedMs ?? 0);
}
function isTooLong(askedMs) {
	return (askedMs ?? 0) > MAX_RETRY_AFTER_MS;
}
function retryAfterMs(header, now) {
	const value = header ?? "";
	if (/^\d+$/.test(value)) return Number(value) * 1e3;
	const date = / GMT$/.test(value) ? Date.parse(value) : NaN;
	return Number.isNaN(date) ? void 0 : Math.max(date - now, 0);
}
// src/api/response.ts
const MAX_DEPTH = 1100;
const MAX_SAID = 500;
function read(response, schema, call, tried) {
	const { status, location, body } = response;
	if (status >= 400) throw refusal(response, call, tried);
	if (status >= 300) throw unusable(response, call, location === null ? `, but without ${call.wanted}` : `${targetText(location, call.url)}, but redirects are not followed, so that the key stays with base_url`);
	if (body.trim() === "") throw unusable(response, call, `, but with an empty body, expected ${call.wanted}`);
	const json = jsonOf(response, call);
	const parsed = safeParse(schema, unwrapped(json));
	if (parsed.success) {
		const { id } = parsed.data;
		if (call.id === void 0 || id?.toLowerCase() === call.id.toLowerCase()) return parsed.data;
		throw unusable(response, call, ", but with a different span than requested", id);
	}
	const faults = isJsonObject(json) ? parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") : "";
	throw unusable(response, call, `, but with ${kindOf(json)} that is not ${call.wanted}`, faults);
}
function unusable(response, call, what, said = "") {
	return apiError(call, `${responseText(response)}${what}`, said, "Check that base_url is the address of the Opper API, with its /v2.", false);
}
function responseText({ status, statusText }) {
	return `returned ${`${status} ${cut(statusText, 100)}`.trim()}`;
}
function apiError({ method, url }, what, said, advice, isTransient) {
	const words = cut(cut(said, 4 * MAX_SAID).replace(/\s+/g, " ").trim(), MAX_SAID);
	return new ApiError(`${method} ${url} ${what}${words ? `: ${words}` : ""}`, advice, isTransient);
}
function refusal(response, call, tried) {
	const { status, statusText, body } = response;
	const said = wordsOf(body);
	return apiError(call, `${responseText(response)} (${tried})`, said.trim() === statusText ? "" : said, adviceFor(response, call), isRetriedStatus(status) || status >= 500 || status === 409 && call.method === "POST");
}
function adviceFor({ status, retryAfterMs }, { method, ifNotFound }) {
	if (isRetriedStatus(status) && isTooLong(retryAfterMs)) return `It asks to wait ${secondsText(retryAfterMs)} (Retry-After), longer than the step waits. Run the job again after that.`;
	switch (status) {
		case 401: return "Check the secret behind api_key or OPPER_API_KEY.";
		case 403: return "The key is known but may not do this. Check its rights and its project.";
		case 404: return ifNotFound;
		case 408:
		case 425: return "Run the job again later.";
		case 409: return method === "POST" ? "The API says that it already exists. Run the job again." : "Another job may have changed the span at the same time. Run the job again.";
		case 413: return "Record less: shorten output, input, error or meta.";
		case 421: return "This server does not serve that host. Check base_url, and the proxy if there is one.";
		case 422: return "Correct the fields it names.";
		case 429: return "Raise retries, or run fewer of these steps at once.";
		default: return status >= 500 ? "The API has a problem. Run the job again later. With fail_on_api_error: false the job stays green." : "If that does not say what is wrong, check that base_url is the address of the Opper API, with its /v2.";
	}
}
function targetText(location, url) {
	const hostIn = (address) => /^(?:[a-z][a-z\d+.-]*:)?[\\/]{2}(?:[^\\/?#]*@)?([^\\/?#]*)/i.exec(address)?.[1];
	const host = hostIn(location.trim()) ?? hostIn(url);
	return host ? ` to ${cut(host, 200)}` : "";
}
function jsonOf(response, call) {
	const { body } = response;
	try {
		return parseExactJson(body, MAX_DEPTH);
	} catch (error) {
		if (!(error instanceof FormError)) throw error;
		throw unusable(response, call, isHtml(body) ? ", but with an HTML page" : `, but the body ${error.message}. It begins`, wordsOf(body));
	}
}
function unwrapped(json) {
	return isJsonObject(json) && json.id === void 0 && isJsonObject(json.data) ? json.data : json;
}
function isHtml(body) {
	return /^\s*<(!doctype html|html)\b/i.test(body);
}
function wordsOf(body) {
	if (isHtml(body)) return /<title[^>]*>([^<]*)/i.exec(body)?.[1] ?? "";
	try {
		return jsonWords(parseJson(body));
	} catch {
		return body;
	}
}
function jsonWords(json) {
	if (!isJsonObject(json)) return json === null ? "null" : textOf(json);
	const { message, detail } = json;
	const details = (Array.isArray(detail) ? detail : [detail]).map(detailText).filter(Boolean);
	if (details.length > 0) return details.join("; ");
	return typeof message === "string" ? message : JSON.stringify(json);
}
function detailText(detail) {
	if (!isJsonObject(detail) || typeof detail.msg !== "string") return textOf(detail);
	const { loc, msg } = detail;
	return Array.isArray(loc) ? `${loc.map(textOf).join(".")}: ${msg}` : msg;
}
// src/api/sender.ts
function createSender(options) {
	const { apiKey, userAgent, timeoutMs, retries, transport, now } = options;
	const traffic = {
		requests: 0,
		status: void 0
	};
	const fetch = async (url, init) => {
		traffic.requests++;
		const reply = await transport.fetch(url, init);
		traffic.status = reply.status;
		return reply;
	};
	const request = createFetch({
		fetch,
		Headers: transport.Headers
	});
	function resultOf({ response, error }) {
		if (!response) return { thrown: error };
		const { status, statusText, headers, _data: body = "" } = response;
		return { response: {
			status,
			statusText,
			location: headers.get("location"),
			retryAfterMs: retryAfterMs(headers.get("retry-after"), now()),
			body
		} };
	}
	async function pauseFor(what, ms) {
		options.onRetry(`${what} in ${secondsText(ms)}`);
		await options.wait(ms);
	}
	const sender = {
		traffic,
		async send(call, tries, body, rule = async (failure) => isRetried(failure) && sender.retry(failure, call, tries)) {
			let attempts = 1;
			const onFailure = async (context) => {
				const isAgain = await rule(resultOf(context));
				if (isAgain) attempts++;
				context.options.retry = isAgain ? 1 : false;
			};
			try {
				return {
					...resultOf({ response: await request.raw(call.url, {
						method: call.method,
						headers: {
							accept: "application/json",
							authorization: `Bearer ${apiKey}`,
							"user-agent": userAgent
						},
						body,
						responseType: "text",
						onRequestError: onFailure,
						onResponseError: onFailure
					}) }),
					attempts
				};
			} catch (error) {
				if (!(error instanceof FetchError)) throw error;
				return {
					...resultOf({
						response: error.response,
						error: error.cause
					}),
					attempts
				};
			}
		},
		read(last, schema, call, afterwards = "") {
			const tried = `${last.attempts === 1 ? "tried once" : `tried ${last.attempts} times`}${afterwards}`;
			if ("response" in last) return read(last.response, schema, call, tried);
			const { thrown } = last;
			throw apiError(call, `${sender.textOf(last)} (${tried})`, "", failureAdvice(thrown), isWorthRetrying(thrown));
		},
		async retry(failure, call, tries) {
			const askedMs = "response" in failure ? failure.response.retryAfterMs : void 0;
			if (tries.used >= retries || isTooLong(askedMs)) return false;
			tries.used++;
			await pauseFor(`${call.method} ${sender.textOf(failure)}; attempt ${tries.used + 1} of ${retries + 1}`, waitBefore(tries.used, askedMs, options.random()));
			return true;
		},
		async pause(failure, call, tries, next) {
			await pauseFor(`${call.method} ${sender.textOf(failure)}; ${next}`, waitBefore(tries.used + 1, void 0, options.random()));
		},
		textOf: (result) => "response" in result ? responseText(result.response) : failureText$1(result.thrown, timeoutMs)
	};
	return sender;
}
function isRetried(failure) {
	return "response" in failure ? isRetriedStatus(failure.response.status) : isWorthRetrying(failure.thrown);
}
function statusOf(result) {
	return "response" in result ? result.response.status : void 0;
}
// src/api/made-once.ts
async function makeOnce(sender, { call, body, schema, look, mayExist }) {
	const tries = { used: 0 };
	let found = mayExist ? await look(tries) : void 0;
	if (found !== void 0) return {
		made: found,
		wasFound: true
	};
	let isInDoubt = mayExist;
	const rule = async (failure) => {
		const isDoubtful = mayHaveArrived(failure);
		isInDoubt ||= isDoubtful;
		const isPassing = isRetried(failure) || statusOf(failure) === 409;
		const willRetry = isPassing && await sender.retry(failure, call, tries);
		if (!isInDoubt || !(isPassing || isDoubtful)) return willRetry;
		if (!willRetry) await sender.pause(failure, call, tries, "a last lookup");
		found = await look(tries).catch((error) => {
			throw error instanceof ApiError ? unknownOutcome(call, sender.textOf(failure), error) : error;
		});
		return willRetry && found === void 0;
	};
	const last = await sender.send(call, tries, body, rule);
	if (found !== void 0) return {
		made: found,
		wasFound: true
	};
	return {
		made: sender.read(last, schema, call, isInDoubt ? ", and a lookup did not find it" : ""),
		wasFound: false
	};
}
function unknownOutcome({ method, url }, what, { story }) {
	return new ApiError(`${method} ${url} ${what}. It may have taken effect, but the lookup failed: ${story}`, "Look for the span in Opper before you run the job again.", true);
}
function mayHaveArrived(failure) {
	if ("response" in failure) return [408, 409].includes(failure.response.status) || failure.response.status >= 500;
	const { thrown } = failure;
	if (thrown instanceof ProxyError || !isWorthRetrying(thrown)) return false;
	const [first] = thrown instanceof AggregateError ? thrown.errors : [thrown];
	return !["connect", "getaddrinfo"].includes(first.syscall);
}
// src/api/metric.ts
const number = pipe(transform(numberOf), number$2("expected a number"));
const Metric = looseObject({
	id: string("expected text"),
	dimension: string("expected text"),
	value: number,
	comment: exactOptional(nullable(string("expected text"))),
	created_at: exactOptional(nullable(string("expected text")))
});
const MetricPage = looseObject({
	meta: looseObject({ total_count: number }, "expected an object"),
	data: array(Metric, "expected a list")
});
function newestOf(metrics) {
	const oldestFirst = [...metrics].sort((a, b) => createdAt(a) - createdAt(b));
	return new Map(oldestFirst.map((metric) => [metric.dimension, metric]));
}
function createdAt({ created_at }) {
	return Date.parse(created_at ?? "") || 0;
}
// src/api/client.ts
const METRICS_OF_A_PAGE = 100;
const MAX_PAGES = 100;
function createClient({ baseUrl, ...options }) {
	const sender = createSender(options);
	async function request(call, schema, { tries = { used: 0 }, body } = {}) {
		return sender.read(await sender.send(call, tries, body), schema, call);
	}
	async function metricsOf(spanId, tries) {
		const metrics = new Map();
		for (let page = 0;; page++) {
			const call = {
				method: "GET",
				url: `${metricUrl(baseUrl, spanId)}?offset=${page * METRICS_OF_A_PAGE}&limit=${METRICS_OF_A_PAGE}`,
				wanted: "a list of metrics",
				ifNotFound: CHECK_SPAN
			};
			if (page === MAX_PAGES) throw apiError(call, TOO_MANY_METRICS, "", "Remove some of them.", false);
			const { data, meta } = await request(call, MetricPage, { tries });
			const countBefore = metrics.size;
			for (const metric of data) metrics.set(metric.id, metric);
			if (metrics.size >= meta.total_count || metrics.size === countBefore) return newestOf(metrics.values());
		}
	}
	return {
		traffic: sender.traffic,
		readSpan(id, { isBeforeWrite = false } = {}) {
			const ifNotFound = isBeforeWrite ? `${CHECK_NEW_SPAN} ${HOW_TO_WRITE_UNREAD}` : CHECK_NEW_SPAN;
			return request({
				method: "GET",
				url: spanUrl(baseUrl, id),
				wanted: "the span",
				ifNotFound,
				id
			}, Span);
		},
		async updateSpan(id, patch) {
			return request({
				method: "PATCH",
				url: spanUrl(baseUrl, id),
				wanted: "the span",
				ifNotFound: CHECK_NEW_SPAN,
				id
			}, Span, { body: bodyOf(patch) });
		},
		async createSpan(span, { mayExist = false } = {}) {
			const ifNotFound = span.parent_id === void 0 ? CHECK_ADDRESS : CHECK_PARENT;
			const call = {
				method: "POST",
				url: spanUrl(baseUrl),
				wanted: "a span",
				ifNotFound
			};
			const lookCall = {
				...call,
				method: "GET",
				url: spanUrl(baseUrl, span.id),
				id: span.id
			};
			const look = async (tries) => {
				const last = await sender.send(lookCall, tries);
				return statusOf(last) === 404 ? void 0 : sender.read(last, Span, lookCall);
			};
			const making = {
				call,
				body: bodyOf(span),
				schema: Span,
				look,
				mayExist
			};
			const { made, wasFound } = await makeOnce(sender, making);
			return {
				span: made,
				wasFound
			};
		},
		listMetrics: (spanId) => metricsOf(spanId, { used: 0 }),
		async createMetric(spanId, metric) {
			const call = {
				method: "POST",
				url: metricUrl(baseUrl, spanId),
				wanted: "a metric",
				ifNotFound: CHECK_SPAN
			};
			const look = async (tries) => (await metricsOf(spanId, tries)).get(metric.dimension);
			const making = {
				call,
				body: bodyOf(metric),
				schema: Metric,
				look,
				mayExist: false
			};
			const { made, wasFound } = await makeOnce(sender, making);
			return {
				metric: made,
				wasFound
			};
		},
		async updateMetric(spanId, metricId, change) {
			return request({
				method: "PATCH",
				url: metricUrl(baseUrl, spanId, metricId),
				wanted: "a metric",
				ifNotFound: CHECK_SPAN
			}, Metric, { body: bodyOf(change) });
		}
	};
}
function spanUrl(baseUrl, id) {
	return id === void 0 ? `${baseUrl}/spans` : `${baseUrl}/spans/${encoded(id)}`;
}
function metricUrl(baseUrl, spanId, metricId) {
	const url = `${spanUrl(baseUrl, spanId)}/metrics`;
	return metricId === void 0 ? url : `${url}/${encoded(metricId)}`;
}
function encoded(id) {
	return encodeURIComponent(id.toWellFormed());
}
const TOO_MANY_METRICS = `was not sent: the span has more than 10000 metrics`;
const CHECK_SPAN = "Check span_id, base_url, and that the key belongs to the span's project.";
const CHECK_NEW_SPAN = `${CHECK_SPAN} A span that was just made may take a moment to appear.`;
const HOW_TO_WRITE_UNREAD = "Spans of a project that retains no data cannot be read. Set meta_mode: replace to write without reading.";
const CHECK_PARENT = "Check parent_id, base_url, and that the key belongs to the parent's project.";
const CHECK_ADDRESS = "Check base_url, and which project the key belongs to.";
function bodyOf(fields) {
	const body = JSON.stringify(fields);
	const size = Buffer.byteLength(body);
	if (size <= 33554432) return body;
	const [name, largest] = Object.entries(fields).map(([field, value]) => [field, Buffer.byteLength(JSON.stringify(value) ?? "")]).reduce((a, b) => b[1] > a[1] ? b : a);
	throw new InputError([{
		name,
		message: `takes ${mibText(largest)} of the request's ${mibText(size)}. The limit is ${mibText(MAX_BYTES$1)}, so shorten it`
	}]);
}
function mibText(bytes) {
	return `${Math.ceil(bytes / 1024 / 1024 * 10) / 10} MiB`;
}
// src/api/record-metrics.ts
async function recordMetrics(client, spanId, wanted) {
	const stored = new Map();
	const failures = [];
	let known;
	try {
		known = await client.listMetrics(spanId);
	} catch (error) {
		return {
			stored: {},
			failures: [`${namesOf(wanted)}: not recorded: ${messageOf(error)}`]
		};
	}
	for (const [at, metric] of wanted.entries()) {
		const name = cut(metric.dimension, 100);
		const before = known.get(metric.dimension);
		try {
			const after = await recordMetric(client, spanId, metric, before);
			stored.set(metric.dimension, after.value);
			if (after.value !== metric.value) failures.push(`${name}: not stored as sent: sent ${metric.value}, the span has ${after.value}`);
		} catch (error) {
			if (before) stored.set(metric.dimension, before.value);
			failures.push(`${name}: not recorded: ${messageOf(error)}`);
			const rest = wanted.slice(at + 1);
			if (error.isTransient && rest.length > 0) {
				failures.push(`${namesOf(rest)}: not tried after that`);
				break;
			}
		}
	}
	return {
		stored: Object.fromEntries(stored),
		failures
	};
}
async function recordMetric(client, spanId, wanted, known) {
	const { metric, wasFound } = known ? {
		metric: known,
		wasFound: true
	} : await client.createMetric(spanId, wanted);
	if (!wasFound || isEqual(metric, wanted)) return metric;
	const { dimension: _, ...change } = wanted;
	return client.updateMetric(spanId, metric.id, change);
}
function isEqual(metric, { value, comment }) {
	return metric.value === value && (comment === void 0 || metric.comment === comment);
}
function namesOf(metrics) {
	return listed(metrics.map(({ dimension }) => dimension));
}
function messageOf(error) {
	if (error instanceof ApiError || error instanceof InputError) return error.message;
	throw error;
}
// src/plan/recording.ts
function needsStored({ fields, clear, keepsMeta }) {
	return fields.meta !== void 0 && keepsMeta && !clear.includes("meta");
}
function patchFor(recording, stored) {
	const { fields, clear, jobError } = recording;
	const cleared = Object.fromEntries(clear.map((field) => [field, null]));
	const hasError = stored?.error && !clear.includes("error");
	return {
		...cleared,
		...jobError !== void 0 && !hasError && { error: jobError },
		...fields,
		...fields.meta && needsStored(recording) && { meta: {
			...stored?.meta,
			...fields.meta
		} }
	};
}
function newSpanOf({ parent_id, trace_id }, recording, id, title) {
	const { name = title, ...fields } = patchFor({
		...recording,
		clear: []
	});
	const start_time = fields.start_time ?? fields.end_time;
	return {
		id,
		name,
		...parent_id && { parent_id },
		...trace_id && { trace_id },
		...fields,
		...start_time && { start_time }
	};
}
function isEmpty(patch) {
	return Object.keys(patch).length === 0;
}
// src/report/finding.ts
function findingOf(error, inputs, effect) {
	if (error instanceof InputError) return {
		level: "error",
		title: `Opper span: bad input, ${effect}`,
		lines: error.problems.map(problemLine)
	};
	if (error instanceof ApiError) return {
		level: levelOf(inputs),
		title: "Opper span: API failure",
		lines: [error.message]
	};
	return {
		level: "error",
		title: "Opper span: internal error",
		lines: [`This is a bug in the action, please report it: ${headlineOf(error)}`]
	};
}
function levelOf({ fail_on_api_error }) {
	return fail_on_api_error === false ? "warning" : "error";
}
// src/report/report.ts
function newReport(spanId, { status, links }) {
	return {
		outcome: "failed",
		jobStatus: status,
		spanId,
		span: {},
		before: void 0,
		sent: void 0,
		changed: void 0,
		requests: 0,
		status: void 0,
		elapsedMs: 0,
		findings: [],
		gate: void 0,
		tests: void 0,
		metrics: void 0,
		caseSpans: void 0,
		links,
		dryRun: []
	};
}
function gateOf({ outcome, span, before, sent }, minScore, job) {
	const score = numberOf(outcome === "updated" || outcome === "created" || outcome === "read" ? span.score : {
		...before,
		...sent
	}.score);
	if (minScore === void 0 || job.isBroken && score === void 0) return void 0;
	return {
		minScore,
		score
	};
}
function warn(report, lines) {
	report.findings.push(...lines.map((line) => ({
		level: "warning",
		title: "Opper span",
		lines: [line]
	})));
}
// src/verdict.ts
const MAX_COMPARED = 500;
function changesBetween(before, after) {
	return SPAN_FIELDS.filter((field) => !sameValue(field, before[field], after[field]));
}
function warningsAbout(sent, span, isMerged) {
	const warnings = SPAN_FIELDS.flatMap((field) => warningAbout(field, sent, span, isMerged) ?? []);
	if ((durationMsOf(span) ?? 0) < 0) warnings.push(`end_time ${span.end_time} is before start_time ${span.start_time}`);
	return warnings;
}
function warningAbout(field, patch, span, isMerged) {
	const [sent, stored] = [patch[field], span[field]];
	if (sent === void 0 || sameValue(field, sent, stored)) return void 0;
	if (sent === null) return `${field} was not cleared: the span still has ${shown(stored)}`;
	if (field === "meta" && patch.meta && span.meta) {
		const [lost, other] = differenceOf(patch.meta, span.meta);
		if (isMerged && Object.keys(lost).length === 0) return void 0;
		return `meta was not stored as sent: sent ${shown(lost)}, the span has ${shown(other)}`;
	}
	if ((field === "input" || field === "output") && orNull(stored) === null) return `${field} was sent, but the span has none. A project keeps input and output only if retention is on`;
	return `${field} was not stored as sent: sent ${shown(sent)}, the span has ${shown(stored)}`;
}
function shown(value) {
	const text = cut(textOf(value), MAX_COMPARED);
	return typeof value === "string" && text ? `"${text}"` : text || "nothing";
}
function differenceOf(a, b) {
	const without = (one, other) => Object.fromEntries(Object.entries(one).filter(([key, value]) => !sameJson(value, ownValue(other, key))));
	return [without(a, b), without(b, a)];
}
function ownValue(object, key) {
	return Object.hasOwn(object, key) ? object[key] : void 0;
}
function sameValue(field, a, b) {
	if (field.endsWith("_time") && typeof a === "string" && typeof b === "string") {
		const instant = instantOf(a);
		return instant === void 0 ? a === b : instant === instantOf(b);
	}
	return sameJson(orNull(a), orNull(b)) || typeof a === "string" && typeof b !== "string" && isTextOf(a, b);
}
function orNull(value) {
	return value === void 0 || value === "" ? null : value;
}
function isTextOf(text, value) {
	try {
		return sameJson(parseExactJson(text), value);
	} catch {
		return false;
	}
}
// src/perform.ts
async function carryOut(task, plan, host, exit, report) {
	const { base_url: baseUrl, api_key: apiKey = "", timeout_seconds, retries } = plan.inputs;
	const timeoutMs = Math.round(timeout_seconds * 1e3);
	const client = createClient({
		baseUrl,
		apiKey,
		userAgent: `opper-span-action/${host.version}`,
		timeoutMs,
		retries,
		transport: host.connect({
			baseUrl,
			timeoutMs
		}),
		wait: host.wait,
		random: host.random,
		now: host.now,
		onRetry: exit.info
	});
	try {
		await perform(task, client, exit, report);
		if (report.outcome === "updated" || report.outcome === "created") await addChildren(plan, client, exit, report);
	} finally {
		report.requests = client.traffic.requests;
		report.status = client.traffic.status;
	}
}
async function perform(task, client, exit, report) {
	switch (task.kind) {
		case "read":
			report.span = await client.readSpan(task.id);
			report.outcome = "read";
			return;
		case "update": return update(task.id, task.recording, client, report);
		case "create":
			await create(task.span, false, client, report);
			return;
		case "start": return start(task.span, task.recording, client, exit, report);
		case "wait":
			report.outcome = "tracking";
			exit.saveTracked(task.tracked);
			report.span = { id: task.tracked.id };
			return;
		case "ensure":
			if (await create(task.span, true, client, report)) await update(task.span.id, task.recording, client, report);
			return;
	}
}
async function update(id, recording, client, report) {
	report.sent = patchFor(recording);
	if (needsStored(recording)) {
		report.before = await client.readSpan(id, { isBeforeWrite: true });
		report.sent = patchFor(recording, report.before);
	}
	const span = isEmpty(report.sent) ? await client.readSpan(id) : await client.updateSpan(id, report.sent);
	const feedback = span.feedback ?? report.before?.feedback;
	report.span = {
		...span,
		...feedback && { feedback }
	};
	report.changed = report.before && changesBetween(report.before, span);
	report.outcome = "updated";
	warn(report, warningsAbout(report.sent, span, needsStored(recording)));
}
async function create(span, mayExist, client, report) {
	report.sent = fieldsOf(span);
	const { span: made, wasFound } = await client.createSpan(span, { mayExist });
	report.span = made;
	report.outcome = "created";
	if (mayExist && wasFound) return true;
	warn(report, warningsAbout(report.sent, made, false));
	return false;
}
async function start(span, recording, client, exit, report) {
	exit.saveTracked(startedBy(span));
	try {
		await create(span, false, client, report);
	} catch (error) {
		if (!(error instanceof ApiError && error.isTransient)) {
			exit.saveTracked(void 0);
			throw error;
		}
		warn(report, [`${error.story}. The job goes on, and the span is made when it ends`]);
		return;
	}
	report.outcome = "tracking";
	exit.saveTracked(madeBy(span, recording, report.span.id));
}
async function addChildren(plan, client, exit, report) {
	const { inputs, metrics, caseSpans } = plan;
	const fail = (what, lines) => report.findings.push({
		level: levelOf(inputs),
		title: `Opper span: ${what}`,
		lines
	});
	if (metrics.length > 0) {
		const { stored, failures } = await recordMetrics(client, report.span.id ?? "", metrics);
		report.metrics = stored;
		if (failures.length > 0) fail("metrics", failures);
	}
	if (caseSpans.length > 0) {
		const onProgress = (made, of) => exit.info(`Case spans: ${made} of ${of} made`);
		const { made, failure } = await createCaseSpans(client, caseSpans, report.span, { onProgress });
		const of = report.tests?.casesWanted ?? caseSpans.length;
		report.caseSpans = {
			made,
			of
		};
		if (failure) fail("case spans", [`${made} of ${of} case spans were made, then one failed: ${failure.message}`]);
	}
}
// src/score.ts
function scaled(value, scale) {
	const product = value * scale;
	const read = Math.abs(product) < 0x38d7ea4c68000 ? Number(product.toPrecision(15)) : product;
	return Math.sign(read) * Math.round(Math.abs(read)) + 0;
}
function scoreOf(value, scale) {
	const score = scale === void 0 ? value : scaled(value, scale);
	if (Number.isSafeInteger(score)) return score;
	if (Math.abs(score) < Number.MAX_SAFE_INTEGER) throw new FormError(`${quoted(String(value))} is not an integer, and the API takes only integers. For a fraction set score_scale: 0.87 with score_scale 100 records 87`);
	const times = scale === void 0 ? "" : " times score_scale";
	throw new FormError(`${quoted(String(value))}${times} is outside \u00b19007199254740991, the range in which JSON numbers are exact`);
}
// src/inputs/rules.ts
function accessProblems({ values, problems }, job) {
	const isMissing = (name) => values[name] === void 0 && !problems.some((problem) => problem.name === name);
	const found = [];
	if (isMissing("api_key") && values.dry_run === false) {
		if (job.withholdsSecrets) return [];
		found.push({
			name: "api_key",
			message: "is empty. Pass the key from a secret, such as ${{ secrets.OPPER_API_KEY }}, or set OPPER_API_KEY in the env of the step. A secret that does not exist is also empty"
		});
	}
	if (isMissing("span_id") && (values.operation === "update" || values.operation === "get")) found.push({
		name: "span_id",
		message: "is empty. Pass the UUID of the span from the step that made it, and check that the step ran and set that output. Between jobs, the job must also name it under outputs"
	});
	return found;
}
function operationProblems({ values }) {
	const { operation, span_id } = values;
	const problems = [];
	const recorded = RECORDED.filter((name) => values[name] !== void 0);
	if (operation === "get" && recorded.length > 0) {
		const message = `get writes nothing, but these are given: ${recorded.join(", ")}. Remove them, or use update`;
		problems.push({
			name: "operation",
			message
		});
	}
	if (operation === "create" && span_id !== void 0) problems.push({
		name: "span_id",
		message: "is given, but create makes a new span. Remove it, or use update"
	});
	const makesSpan = operation === "create" || operation === "track" && span_id === void 0;
	for (const name of ["parent_id", "trace_id"]) {
		if (makesSpan || operation === void 0 || values[name] === void 0) continue;
		problems.push({
			name,
			message: "says where a new span belongs, so it needs create, or track without span_id. Remove it"
		});
	}
	return problems;
}
function formatProblems({ values, problems }) {
	const { results_file, results_format: format, score_pointer: pointer } = values;
	const found = [];
	const name = "score_pointer";
	const isPointerBad = problems.some((problem) => problem.name === name);
	if (results_file && format === "json" && pointer === void 0 && !isPointerBad) found.push({
		name,
		message: "is required with results_format json. Set it to where the score is, such as /summary/accuracy"
	});
	if (pointer !== void 0 && format !== void 0 && format !== "json") found.push({
		name,
		message: "works only with results_format json. Remove it, or set results_format: json"
	});
	const needing = needingCases(values);
	if (needing.length > 0 && format !== void 0 && !isTestFormat(format)) {
		const message = `is ${format}, which has no test cases, but they are required by ${needing.join(", ")}. Use a test format such as junit`;
		found.push({
			name: "results_format",
			message
		});
	}
	return found;
}
function resultsProblems({ values, problems }) {
	if (values.results_file !== void 0) return [];
	const asking = [
		...(values.results_format ?? "auto") === "auto" ? [] : ["results_format"],
		...values.score_pointer === void 0 ? [] : ["score_pointer"],
		...needingCases(values)
	];
	if (asking.length > 0) return [{
		name: "results_file",
		message: `is empty, but required by ${asking.join(", ")}. Name the file that the eval or test tool writes`
	}];
	const isScoreGiven = values.score !== void 0 || problems.some(({ name }) => name === "score");
	if (values.score_scale === void 0 || isScoreGiven || values.operation === "get") return [];
	return [{
		name: "score",
		message: "is empty, but required by score_scale. Set score or results_file"
	}];
}
function needingCases({ results_metrics, case_spans = "none" }) {
	return [...results_metrics ? ["results_metrics"] : [], ...case_spans === "none" ? [] : ["case_spans"]];
}
function clearProblems(given) {
	const { clear, operation } = given;
	if (clear === void 0) return [];
	if (operation === "create") return [{
		name: "clear",
		message: "is given, but a new span has nothing to clear. Remove it"
	}];
	const values = {
		...given,
		meta: given.meta ?? given.meta_file
	};
	const both = clear.filter((field) => values[field] !== void 0);
	if (both.length === 0) return [];
	return [{
		name: "clear",
		message: `empties fields that are also given: ${both.join(", ")}. Remove one of the two`
	}];
}
function gateProblems(minScore, scale) {
	if (minScore === void 0 || scale === void 0) return [];
	if (scale <= 1 || minScore <= 0 || minScore >= 1) return [];
	return [{
		name: "min_score",
		message: `${minScore} would let nearly every score pass, since the score is recorded on a scale of ${scale}. Write ${Number((minScore * scale).toPrecision(15))}`
	}];
}
function resultsScale({ score_scale, results_file, results_format = "auto" }) {
	return score_scale ?? (results_file && isTestFormat(results_format) ? 100 : void 0);
}
function isTestFormat(format) {
	return format !== "json" && format !== "fields";
}
// src/plan/meta-file.ts
async function readMetaFile(path, files) {
	if (path === void 0) return { problems: [] };
	try {
		return {
			meta: metaObject(await readText(files, path)),
			problems: []
		};
	} catch (error) {
		return { problems: [problemOf("meta_file", path, error)] };
	}
}
// src/plan/found.ts
const NOTHING_FOUND = { problems: [] };
async function readFound(read, files, now) {
	const { values: inputs } = read;
	const results = await readResultsOf(inputs, files, now).catch(problemsOf);
	const { meta, problems } = await readMetaFile(inputs.meta_file, files);
	return {
		...results,
		...meta && { meta },
		problems: [
			...resultsProblems(read),
			...results.problems,
			...problems
		]
	};
}
async function readResultsOf(inputs, files, now) {
	const { results_file: patterns, results_format: format, score_pointer: pointer } = inputs;
	if (patterns === void 0 || format === void 0) return NOTHING_FOUND;
	if (format === "json" && pointer === void 0) return NOTHING_FOUND;
	const { readResults } = await Promise.resolve().then(() => __nccwpck_require__(632));
	return readResults({
		patterns,
		format,
		pointer,
		keepCases: {
			kind: inputs.case_spans ?? "none",
			max: inputs.max_case_spans ?? 0
		}
	}, files, now);
}
function problemsOf(error) {
	if (!(error instanceof InputError)) throw error;
	return { problems: error.problems };
}
// src/results/record.ts
function recordOf(tests, scale) {
	const { passed, failed, errored, skipped, durationMs, failures } = tests;
	const ran = passed + failed + errored;
	const lines = failures.map(failureText);
	const more = failed + errored - failures.length;
	if (more > 0) lines.push(`and ${more} more`);
	return {
		score: scaled(passed / ran, scale),
		...lines.length > 0 && { error: lines.join("\n") },
		meta: {
			"test.total": ran + skipped,
			"test.passed": passed,
			"test.failed": failed,
			"test.errored": errored,
			"test.skipped": skipped,
			...durationMs !== void 0 && { "test.duration_ms": durationMs },
			"test.format": tests.format,
			...tests.meta
		}
	};
}
function failureText({ name, message }) {
	return message ? `${name}: ${message}` : name;
}
// src/plan/case-span.ts
function caseSpanOf(testCase, id, scale = 100) {
	const { name, status, suite, file, durationMs, error, input, output, score } = testCase;
	return {
		id,
		name,
		type: "test",
		...fieldsOf({
			error,
			input,
			output,
			score: score === void 0 ? void 0 : scaled(score, scale),
			start_time: testCase.startTime,
			end_time: testCase.endTime,
			meta: {
				"test.status": status,
				...suite !== void 0 && { "test.suite": suite },
				...durationMs !== void 0 && { "test.duration_ms": durationMs },
				...file !== void 0 && { "test.file": file }
			}
		})
	};
}
// src/plan/layers.ts
function mergedMeta(layers) {
	const given = layers.filter((layer) => layer !== void 0);
	return given.length > 0 ? Object.fromEntries(given.flatMap((layer) => Object.entries(layer))) : void 0;
}
function mergedMetrics(layers) {
	const metrics = layers.flatMap((layer) => Object.entries(layer ?? {}).map(([dimension, metric]) => {
		return {
			dimension,
			...typeof metric === "number" ? { value: metric } : metric
		};
	}));
	return [...new Map(metrics.map((metric) => [metric.dimension, metric])).values()];
}
// src/plan/plan.ts
function planOf(read, found, job, newId) {
	const values = {
		...found.fields,
		...read.values
	};
	const results = found.tests && recordOf(found.tests, values.score_scale ?? 100);
	const score = scoreIn(read.values, found, results?.score);
	const problemsOfClear = clearProblems(read.values);
	const problems = [
		...read.problems,
		...accessProblems(read, job),
		...operationProblems(read),
		...formatProblems(read),
		...problemsOfClear,
		...gateProblems(values.min_score, score.scale)
	];
	const problemsOfFiles = [...found.problems];
	if (problemsOfClear.length === 0) problemsOfFiles.push(...clearProblems({
		...values,
		...found.score && { score: found.score.value }
	}));
	const isScaleBad = read.problems.some(({ name }) => name === "score_scale");
	if (score.problem && !isScaleBad) (values.score === void 0 ? problemsOfFiles : problems).push(score.problem);
	if (!job.isBroken) problems.push(...problemsOfFiles);
	if (problems.length > 0) throw new InputError(problems);
	const inputs = read.values;
	const recording = {
		fields: fieldsOf({
			...values,
			score: score.value,
			error: values.error ?? results?.error ?? found.error,
			meta: mergedMeta([
				inputs.ci_meta ? job.facts : void 0,
				results?.meta,
				found.fields?.meta,
				found.meta,
				inputs.meta
			])
		}),
		clear: values.clear ?? [],
		keepsMeta: inputs.meta_mode === "merge",
		jobError: job.error
	};
	const metrics = mergedMetrics([
		inputs.results_metrics ? found.tests?.metrics : void 0,
		found.fields?.metrics,
		inputs.metrics
	]);
	if (inputs.operation === "update" && metrics.length === 0 && isEmpty(patchFor(recording))) throw new InputError([{
		name: "operation",
		message: `update has nothing to record. Give one of ${RECORDED.join(", ")}`
	}]);
	return {
		inputs,
		recording,
		metrics,
		caseSpans: (found.tests?.cases ?? []).map((testCase) => caseSpanOf(testCase, newId(), inputs.score_scale)),
		warnings: job.isBroken ? problemsOfFiles.map((problem) => warningOf(problem, job)) : []
	};
}
function warningOf(problem, { status }) {
	const what = status === "failure" ? "has failed" : "was cancelled";
	return `${problemLine(problem)}. The job ${what}, so the rest is recorded without it`;
}
function planAtEnd(read, found, job, newId) {
	try {
		return planOf(read, found, job, newId);
	} catch (error) {
		const { base_url, api_key } = read.values;
		if (!(error instanceof InputError) || base_url === void 0 || api_key === void 0) throw error;
		const inputs = {
			...defaultInputs(),
			...read.values,
			min_score: void 0
		};
		return {
			inputs,
			recording: {
				fields: {
					error: error.message,
					...inputs.ci_meta && { meta: job.facts }
				},
				clear: [],
				keepsMeta: true,
				jobError: void 0
			},
			metrics: [],
			caseSpans: [],
			warnings: [],
			refused: error
		};
	}
}
function scoreIn(inputs, found, passRate) {
	const { score, score_scale } = inputs;
	const own = score === void 0 ? found.score : {
		name: "score",
		value: score,
		scale: score_scale
	};
	const scale = own ? own.scale ?? score_scale : resultsScale(inputs);
	try {
		if (own) return {
			value: scoreOf(own.value, scale),
			scale
		};
		return {
			value: passRate === void 0 ? void 0 : scoreOf(passRate),
			scale
		};
	} catch (error) {
		if (!(error instanceof FormError)) throw error;
		return {
			scale,
			problem: {
				name: own?.name ?? "score_scale",
				message: error.message
			}
		};
	}
}
// src/plan/task.ts
function taskOf(plan, job, newId, now, tracked) {
	const { inputs, recording } = plan;
	if (tracked) {
		const last = atEnd(recording, tracked, now);
		if (tracked.exists) return {
			kind: "update",
			id: tracked.id,
			recording: last
		};
		return {
			kind: "ensure",
			span: newSpanOf(inputs, last, tracked.id, job.title),
			recording: last
		};
	}
	const { operation, span_id } = inputs;
	const id = span_id ?? newId;
	switch (operation) {
		case "get": return {
			kind: "read",
			id
		};
		case "update": return {
			kind: "update",
			id,
			recording
		};
		case "create": return {
			kind: "create",
			span: newSpanOf(inputs, recording, id, job.title)
		};
		case "track": {
			if (span_id !== void 0) return {
				kind: "wait",
				tracked: {
					id,
					exists: true,
					start_time: inputs.start_time,
					sent: []
				}
			};
			const known = atStart(recording, now);
			return {
				kind: "start",
				span: newSpanOf(inputs, known, id, job.title),
				recording: known
			};
		}
	}
}
// src/rehearse.ts
const WITHHELD = "GitHub gives no secrets to pull requests from forks and from Dependabot, so there is no API key and nothing was recorded";
function rehearse(task, plan, exit, report) {
	const { id, sent, request } = spanRequestOf(task, plan.inputs.base_url);
	report.sent = sent;
	const knownId = plan.inputs.dry_run ? id : plan.inputs.span_id;
	report.span = {
		...knownId && { id: knownId },
		...Object.fromEntries(Object.entries(sent ?? {}).filter(([, value]) => value !== null))
	};
	if (!plan.inputs.dry_run) {
		report.outcome = "skipped";
		report.findings.push({
			level: "notice",
			title: "Opper span: skipped",
			lines: [WITHHELD]
		});
		return;
	}
	report.outcome = "dry-run";
	report.dryRun = [...request, ...sent && task.kind !== "start" ? childRequests(plan, id) : []];
	if (task.kind === "start") exit.saveTracked(madeBy(task.span, task.recording));
	if (task.kind === "wait") exit.saveTracked(task.tracked);
}
function spanRequestOf(task, baseUrl) {
	switch (task.kind) {
		case "wait": return {
			id: task.tracked.id,
			request: []
		};
		case "read": return {
			id: task.id,
			request: [{
				method: "GET",
				url: spanUrl(baseUrl, task.id)
			}]
		};
		case "update": {
			const { id } = task;
			const body = patchFor(task.recording);
			return {
				id,
				sent: body,
				request: [{
					...isEmpty(body) ? { method: "GET" } : {
						method: "PATCH",
						body
					},
					url: spanUrl(baseUrl, id)
				}]
			};
		}
		default: {
			const { span } = task;
			return {
				id: span.id,
				sent: fieldsOf(span),
				request: [{
					method: "POST",
					url: spanUrl(baseUrl),
					body: { ...span }
				}]
			};
		}
	}
}
function childRequests({ inputs, metrics, caseSpans }, id) {
	const post = {
		method: "POST",
		url: spanUrl(inputs.base_url)
	};
	return [...metrics.map((body) => ({
		...post,
		url: metricUrl(inputs.base_url, id),
		body: { ...body }
	})), ...caseSpans.map((span) => ({
		...post,
		body: {
			...span,
			parent_id: id
		}
	}))];
}
// src/report/inert.ts
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const PLAIN = /^[ -~]*$/;
const LINE_BREAK = /\r\n|\r|\n/;
const LONG_PIECE = /\S{30}(?=\S)/gu;
const ENTITIES$1 = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	"\"": "&quot;",
	"'": "&#39;"
};
function inert(line) {
	if (PLAIN.test(line) && !line.includes("##[")) return line;
	return line.split(LINE_BREAK).map(visible).join(" \u23ce ").replaceAll("##[", "##\\[");
}
function html(text, maxLength) {
	return cut(text, maxLength).split(LINE_BREAK).map((line) => visible(line).replace(LONG_PIECE, "$&\n").split("\n").map(escaped).join("<wbr>")).join("<br>");
}
function attribute(text) {
	return escaped(visible(text));
}
function escaped(text) {
	return text.replace(/[&<>"']/g, (character) => ENTITIES$1[character] ?? "");
}
function visible(text) {
	if (PLAIN.test(text)) return text;
	return text.replace(INVISIBLE, (character) => character === "	" ? " " : `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
// src/report/rows.ts
const ROWS_TITLES = {
	updated: "Recorded",
	read: "Value",
	created: "Recorded",
	tracking: "Recorded so far",
	"dry-run": "Would be recorded",
	skipped: "Not recorded",
	failed: "Should have been recorded"
};
const UNCHANGED = "no field changed: the span already had these values";
const NOTHING = "(nothing)";
function rowsOf(report) {
	const { outcome, sent, before, changed, span } = report;
	const values = outcome === "failed" ? sent ?? {} : span;
	const recorded = changed ?? SPAN_FIELDS.filter((field) => sent && field in sent);
	const fields = outcome === "read" ? SPAN_FIELDS.filter((field) => textOf(span[field])) : recorded;
	const old = changed && before;
	return fields.map((field) => ({
		field,
		before: old && (field === "meta" ? keysText(old.meta) : valueText(field, old)),
		after: field === "meta" ? changedKeysText(old?.meta, values.meta) : newText(field, values, report)
	}));
}
function newText(field, values, { tests }) {
	const text = valueText(field, values);
	return field === "error" && tests && repeatsFailures(text, tests.failures) ? `(${counted(tests.failed + tests.errored, "failure")})` : text;
}
function repeatsFailures(error, failures) {
	const isRepeated = (line) => /^and \d+ more$/.test(line) || failures.some(({ name }) => line.startsWith(name));
	return error.split("\n").every(isRepeated);
}
function valueText(field, values) {
	const text = textOf(values[field]);
	if (text === "") return NOTHING;
	const instant = field.endsWith("_time") ? instantOf(text) : void 0;
	return instant === void 0 ? text : `${new Date(instant).toISOString().replace("T", " ").replace(/\..*/, "")} UTC`;
}
function changedKeysText(old, now) {
	const keys = Object.keys(now ?? {}).filter((key) => !sameJson(old?.[key], now?.[key]));
	return [keysText(now), ...familiesOf(keys)].join(", ").replace(", ", ": ");
}
function keysText(meta) {
	return counted(Object.keys(meta ?? {}).length, "key");
}
function familiesOf(keys) {
	return [...Map.groupBy(keys, (key) => key.split(".")[0])].map(([family, [key = "", ...others]]) => others.length > 0 ? `${family}.*` : key);
}
// src/report/wording.ts
function isNew(outcome) {
	return outcome === "created" || outcome === "tracking";
}
function passes({ minScore, score }) {
	return score !== void 0 && score >= minScore;
}
function gateText(gate) {
	const { minScore, score } = gate;
	if (score === void 0) return `there is no score to compare with min_score ${minScore}`;
	return `score ${score} ${passes(gate) ? "reaches" : "is below"} min_score ${minScore}`;
}
function testsText(tests) {
	const { passed, failed, errored, skipped } = tests;
	const ran = passed + failed + errored;
	const rounded = Math.round(passed / ran * 1e3) / 10;
	const rate = passed === 0 || passed === ran ? rounded : Math.min(Math.max(rounded, .1), 99.9);
	return `${counted(ran + skipped, "test")}, ${rate} % passed: ${countsText(tests)}`;
}
function countsText({ passed, failed, errored, skipped, durationMs, format }) {
	const counts = Object.entries({
		passed,
		failed,
		errored,
		skipped
	}).filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`);
	const duration = durationMs ? [`in ${secondsText(durationMs)}`] : [];
	return `${[...counts, ...duration].join(", ")} (${format})`;
}
function feedbackText(feedback) {
	return [textOf(feedback?.score), textOf(feedback?.comment)].filter(Boolean).join(": ");
}
function firstOf(lines, max, total = lines.length) {
	const shown = lines.slice(0, max);
	return total > shown.length ? [...shown, `and ${total - shown.length} more`] : shown;
}
function shortened(value) {
	return String(Number(Math.abs(value) < 1 ? value.toPrecision(3) : value.toFixed(3)));
}
// src/report/log.ts
const MAX_VALUE = 200;
const MAX_FAILURE = 2e3;
const MAX_BODY = 2e4;
const MAX_LISTED = 50;
function logOf(report) {
	return [
		...spanLines(report),
		...resultLines(report),
		...unsentLines(report),
		...gateLines(report)
	];
}
function spanLines(report) {
	const { outcome, spanId, span, changed, requests, elapsedMs } = report;
	const effort = requests === 0 ? "nothing sent" : `${counted(requests, "request")}, ${secondsText(elapsedMs)}`;
	const id = span.id ?? spanId;
	const names = [
		...id ? [` ${cut(id, MAX_VALUE)}`] : [],
		...span.name ? [` "${cut(span.name, MAX_VALUE)}"`] : [],
		...span.parent_id ? [` under ${cut(span.parent_id, MAX_VALUE)}`] : [],
		...isNew(outcome) && span.trace_id && !span.parent_id ? [" (root span)"] : []
	];
	const rows = rowsOf(report).map(({ field, before, after }) => [
		`  ${field}: `,
		...before === void 0 ? [] : [cut(before, MAX_VALUE), " \u2192 "],
		cut(after, MAX_VALUE)
	].join(""));
	const feedback = feedbackText(span.feedback);
	const isPlain = outcome === "updated" || outcome === "read" || rows.length === 0;
	return [
		`Span${names.join("")}: ${outcome} (${effort})`,
		...isPlain ? [] : [`${ROWS_TITLES[outcome]}:`],
		...rows,
		...changed?.length === 0 ? [`  ${UNCHANGED}`] : [],
		...feedback ? [`  human feedback: ${cut(feedback, MAX_VALUE)}`] : []
	];
}
function resultLines({ tests, metrics, caseSpans }) {
	const failures = tests ? tests.failures.map((failure) => `\u2717 ${cut(failureText(failure), MAX_FAILURE)}`) : [];
	const total = tests ? tests.failed + tests.errored : 0;
	const values = Object.entries(metrics ?? {}).map(([name, value]) => `${cut(name, MAX_VALUE)} ${shortened(value)}`);
	return [
		...tests ? [`Results: ${testsText(tests)}`] : [],
		...firstOf(failures, MAX_LISTED, total).map((line) => `  ${line}`),
		...values.length > 0 ? [`Metrics: ${firstOf(values, MAX_LISTED).join(", ")}`] : [],
		...caseSpans ? [`Case spans: ${caseSpans.made} of ${caseSpans.of} made`] : []
	];
}
function unsentLines({ dryRun }) {
	return firstOf(dryRun.map(({ method, url, body }) => [
		"Not sent:",
		method,
		url,
		...body === void 0 ? [] : [cut(JSON.stringify(body), MAX_BODY)]
	].join(" ")), MAX_LISTED);
}
function gateLines({ gate }) {
	return gate && passes(gate) ? [`Gate: ${gateText(gate)}`] : [];
}
// src/report/outputs.ts
const OUTPUTS = [
	"outcome",
	"id",
	"name",
	"type",
	"start_time",
	"end_time",
	"duration_ms",
	"input",
	"output",
	"error",
	"meta",
	"score",
	"trace_id",
	"parent_id",
	"feedback_score",
	"feedback_comment",
	"changed",
	"metrics",
	"case_spans",
	"span",
	"span_file",
	"status"
];
const MAX_OUTPUTS_BYTES = 1048576;
function outputsOf({ outcome, spanId, span, changed, metrics, caseSpans, status }) {
	return {
		outcome,
		id: span.id ?? spanId ?? "",
		name: textOf(span.name),
		type: textOf(span.type),
		start_time: textOf(span.start_time),
		end_time: textOf(span.end_time),
		duration_ms: textOf(durationMsOf(span)),
		input: textOf(span.input),
		output: textOf(span.output),
		error: textOf(span.error),
		meta: textOf(span.meta),
		score: textOf(span.score),
		trace_id: textOf(span.trace_id),
		parent_id: textOf(span.parent_id),
		feedback_score: textOf(span.feedback?.score),
		feedback_comment: textOf(span.feedback?.comment),
		changed: textOf(changed),
		metrics: textOf(metrics),
		case_spans: textOf(caseSpans?.made),
		span: Object.keys(span).length > 0 ? JSON.stringify(span) : "",
		span_file: "",
		status: textOf(status)
	};
}
function fitting$1(outputs) {
	const bytes = (name) => 2 * (name.length + outputs[name].length);
	let total = OUTPUTS.reduce((sum, name) => sum + bytes(name), 0);
	const dropped = [];
	for (const name of OUTPUTS.toSorted((a, b) => bytes(b) - bytes(a))) {
		if (total < MAX_OUTPUTS_BYTES) break;
		total -= 2 * outputs[name].length;
		dropped.push(name);
	}
	return {
		fit: {
			...outputs,
			...Object.fromEntries(dropped.map((name) => [name, ""]))
		},
		dropped
	};
}
// src/report/secret.ts
const MIN_PIECE = 12;
const ESCAPES = /[%\\&]/;
const ENTITIES = {
	"&": "amp",
	"<": "lt",
	">": "gt",
	"\"": "quot",
	"'": "apos"
};
function redactorOf(secrets) {
	const long = secrets.filter((secret) => secret.length >= MIN_PIECE).flatMap(formsOf);
	const short = secrets.filter((secret) => secret !== "" && secret.length < MIN_PIECE);
	const inKeys = replacerOf(long);
	const inShort = short.length > 0 ? new RegExp(short.map(RegExp.escape).join("|"), "g") : void 0;
	const inValues = (text) => inShort ? inKeys(text).replace(inShort, "***") : inKeys(text);
	const redact = (value) => {
		if (typeof value === "string") return inValues(value);
		if (Array.isArray(value)) return value.map(redact);
		if (!isJsonObject(value)) return value;
		return Object.fromEntries(Object.entries(value).map(([key, item]) => [inKeys(key), redact(item)]));
	};
	return redact;
}
function formsOf(secret) {
	const base64 = [
		0,
		1,
		2
	].map((shift) => Buffer.from(" ".repeat(shift) + secret).toString("base64").slice(shift && shift + 1));
	const base64Url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
	return [...new Set([
		secret,
		...base64,
		...base64Url
	])];
}
function replacerOf(forms) {
	if (forms.length === 0) return (text) => text;
	const pieces = forms.map((form) => form.slice(0, MIN_PIECE));
	let search;
	return (text) => {
		if (!ESCAPES.test(text) && !pieces.some((piece) => text.includes(piece))) return text;
		search ??= searchFor(forms);
		return search(text);
	};
}
function searchFor(forms) {
	const characters = new Set(forms.flatMap((form) => [...form]));
	const spelled = new Map([...characters].map((character) => [character, new RegExp(spellingsOf(character), "y")]));
	const beginnings = new Set(forms.map((form) => [...form.slice(0, MIN_PIECE)].map(spellingsOf).join("")));
	const beginning = new RegExp([...beginnings].join("|"), "g");
	const endOf = (form, text, start) => {
		let plain = 0;
		while (plain < form.length && form[plain] === text[start + plain]) plain++;
		let end = start;
		for (const character of form) {
			const spelling = spelled.get(character);
			spelling.lastIndex = end;
			if (!spelling.test(text)) break;
			end = spelling.lastIndex;
		}
		return Math.max(start + plain, end);
	};
	return (text) => {
		const kept = [];
		let end = 0;
		beginning.lastIndex = 0;
		for (let found = beginning.exec(text); found; found = beginning.exec(text)) {
			const start = found.index;
			kept.push(text.slice(end, start));
			end = Math.max(...forms.map((form) => endOf(form, text, start)));
			beginning.lastIndex = end;
		}
		return [...kept, text.slice(end)].join("***");
	};
}
function spellingsOf(character) {
	const plain = RegExp.escape(character);
	const code = character.charCodeAt(0);
	const hex = code.toString(16).replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
	const entity = [
		`#0*${code}`,
		`#[xX]0*${hex}`,
		ENTITIES[character]
	].filter(Boolean).join("|");
	const escaped = /\w/.test(character) ? [] : [`\\\\${plain}`];
	return `(?:${[
		`&(?:${entity});`,
		`%${hex}`,
		`\\\\u00${hex}`,
		...escaped,
		plain
	].join("|")})`;
}
// src/report/summary.ts
const MAX_BYTES = 1e6;
const MAX_LINE$1 = 1e3;
const MAX_LINES$1 = 50;
const MAX_CELL = 300;
const MAX_KEYS = 100;
const ENDINGS = {
	updated: ["\u2705", "Opper span updated"],
	read: ["\ud83d\udcd6", "Opper span read"],
	created: ["\u2705", "Opper span created"],
	tracking: ["\u23f3", "Opper span started"],
	"dry-run": ["\ud83e\uddea", "Opper dry run, nothing sent"],
	skipped: ["\u23ed\ufe0f", "Opper step skipped"],
	failed: ["\u274c", "Opper step failed"]
};
const MARKS = {
	error: "\u274c",
	warning: "\u26a0\ufe0f",
	notice: "\u2139\ufe0f"
};
const LEVELS = Object.keys(MARKS);
const BAR_LENGTH = 20;
const SQUARES = {
	passed: "\ud83d\udfe9",
	failed: "\ud83d\udfe5",
	errored: "\ud83d\udfe7",
	skipped: "\u2b1c"
};
const TRACES = "https://platform.opper.ai/traces";
function summaryOf(report) {
	const { findings, tests } = report;
	const ranked = findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
	return `${fitting([
		headingOf(report),
		...ranked.map(findingBlock),
		...tests ? [testsBlock(tests)] : [],
		spanBlock(report),
		rowsBlock(report),
		measuresBlock(report),
		unsentBlock(report),
		metaBlock(report)
	].filter((block) => block !== "")).join("\n\n")}\n\n`;
}
function fitting(blocks) {
	let total = 0;
	return blocks.filter((block) => {
		total += Buffer.byteLength(block) + 2;
		return total < MAX_BYTES;
	});
}
function headingOf({ outcome, jobStatus, findings, gate, tests, span }) {
	const [icon, ending] = ENDINGS[outcome];
	const failed = tests ? tests.failed + tests.errored : 0;
	const hasError = findings.some(({ level }) => level === "error");
	const hasWarning = findings.some(({ level }) => level === "warning");
	const mark = jobStatus === "failure" || failed > 0 || gate && !passes(gate) || outcome === "failed" || hasError ? "\u274c" : jobStatus === "cancelled" ? "\ud83d\udeab" : hasWarning ? "\u26a0\ufe0f" : icon;
	const run = [
		...jobStatus === "failure" ? ["job failed"] : [],
		...jobStatus === "cancelled" ? ["job cancelled"] : [],
		...tests ? [resultText(tests, failed)] : [],
		...scoreText(gate, cut(textOf(span.score), 40))
	].join(", ");
	const what = outcome !== "failed" && hasError ? `${ending}, with errors` : ending;
	return `### ${mark} ${[...run ? [run.replace(/^[a-z]/, (letter) => letter.toUpperCase())] : [], what].join(" \u00b7 ")}`;
}
function resultText({ passed }, failed) {
	return `${failed || passed} of ${counted(passed + failed, "test")} ${failed > 0 ? "failed" : "passed"}`;
}
function scoreText(gate, score) {
	if (gate && passes(gate)) return [`score ${gate.score} (min_score ${gate.minScore})`];
	if (gate) return [gateText(gate)];
	return score ? [`score ${score}`] : [];
}
function findingBlock({ level, title, lines }) {
	const texts = firstOf(lines, MAX_LINES$1).map((line) => code(line, MAX_LINE$1));
	return paragraph([`${MARKS[level]} <b>${html(title, MAX_CELL)}</b>`, ...texts]);
}
function testsBlock(tests) {
	const { failures, failed, errored } = tests;
	const items = failures.map(({ name, message }) => [code(name, MAX_LINE$1), ...message ? [code(message, 2 * MAX_LINE$1)] : []].join("<br>"));
	const list = firstOf(items, MAX_LINES$1, failed + errored).map((item) => `<li>${item}</li>`);
	return [paragraph([barOf(tests), html(countsText(tests), MAX_LINE$1)]), ...items.length > 0 ? [`<ul>\n${list.join("\n")}\n</ul>`] : []].join("\n");
}
function barOf(tests) {
	const names = Object.keys(SQUARES).filter((name) => tests[name] > 0);
	const total = names.reduce((sum, name) => sum + tests[name], 0);
	const lengths = names.map((name) => Math.max(1, Math.floor(BAR_LENGTH * tests[name] / total)));
	const missing = BAR_LENGTH - lengths.reduce((sum, length) => sum + length, 0);
	const longest = lengths.indexOf(Math.max(...lengths));
	return names.map((name, index) => SQUARES[name].repeat((lengths[index] ?? 0) + (index === longest ? missing : 0))).join("");
}
function spanBlock({ spanId, span, links }) {
	const id = span.id ?? spanId;
	const names = [span.name, id].flatMap((text) => text ? [code(text, MAX_CELL)] : []);
	if (names.length === 0) return "";
	if (span.parent_id) names.push("under", code(span.parent_id, MAX_CELL));
	const duration = durationMsOf(span);
	const facts = [
		...duration === void 0 ? [] : [`took ${secondsText(duration)}`],
		...links.job && links.job !== links.run ? [link(links.job, "job")] : [],
		...links.run ? [link(links.run, "workflow run")] : [],
		link(TRACES, "Opper traces")
	];
	return paragraph([`Span ${names.join(" ")}`, facts.join(" \u00b7 ")]);
}
function rowsBlock(report) {
	const { changed, outcome } = report;
	const rows = rowsOf(report).filter(({ field }) => field !== "meta" || !isMetaFolded(report));
	if (rows.length === 0) return changed?.length === 0 ? paragraph([UNCHANGED]) : "";
	return table(changed ? [
		"Field",
		"Before",
		"After"
	] : ["Field", ROWS_TITLES[outcome]], rows.map(({ field, before, after }) => [
		code(field, MAX_CELL),
		...before === void 0 ? [] : [code(before, MAX_CELL)],
		code(after, MAX_CELL)
	]));
}
function measuresBlock({ metrics, caseSpans, span }) {
	const feedback = feedbackText(span.feedback);
	const values = Object.entries(metrics ?? {}).map(([name, value]) => `${code(name, MAX_CELL)} ${shortened(value)}`);
	const lines = [
		...values.length > 0 ? [`Metrics: ${firstOf(values, MAX_LINES$1).join(" \u00b7 ")}`] : [],
		...caseSpans ? [`Case spans: ${caseSpans.made} of ${caseSpans.of} made`] : [],
		...feedback ? [`Human feedback: ${code(feedback, MAX_CELL)}`] : []
	];
	return lines.length > 0 ? paragraph(lines) : "";
}
function unsentBlock({ dryRun }) {
	const lines = dryRun.map(({ method, url }) => code(`${method} ${url}`, MAX_CELL));
	return lines.length > 0 ? paragraph(["Not sent (the log has the bodies):", ...firstOf(lines, MAX_LINES$1)]) : "";
}
function metaBlock(report) {
	const { sent, outcome } = report;
	const rows = Object.entries(sent?.meta ?? {}).map(([key, value]) => [code(key, MAX_CELL), code(textOf(value), MAX_CELL)]);
	if (rows.length === 0) return "";
	const title = `${ROWS_TITLES[outcome]}: meta, ${counted(rows.length, "key")}`;
	const more = rows.length > MAX_KEYS ? `\n<p>and ${rows.length - MAX_KEYS} more</p>` : "";
	return `<details><summary>${title}</summary>\n${table(["Key", "Value"], rows.slice(0, MAX_KEYS))}${more}\n</details>`;
}
function isMetaFolded({ sent }) {
	return Object.keys(sent?.meta ?? {}).length > 0;
}
function table(head, rows) {
	return `<table>\n${[head.map((cell) => `<th>${cell}</th>`), ...rows.map((row) => row.map((cell) => `<td>${cell}</td>`))].map((cells) => `<tr>${cells.join("")}</tr>`).join("\n")}\n</table>`;
}
function paragraph(lines) {
	return `<p>${lines.join("<br>\n")}</p>`;
}
function code(text, maxLength) {
	return `<code>${html(text, maxLength)}</code>`;
}
function link(url, text) {
	return `<a href="${attribute(url)}">${text}</a>`;
}
// src/report/exit.ts
const MAX_LINES = 100;
const MAX_LINE = 4e3;
function createExit(host, secrets) {
	const { core } = host;
	const lines = secrets.flatMap((secret) => secret.split(/[\r\n]/)).map((line) => line.trim());
	const masked = [...new Set(lines)].filter((line) => line !== "");
	for (const line of masked) core.setSecret(line);
	const redact = redactorOf(masked);
	let goesOn = false;
	return {
		info: (line) => core.info(inert(redact(line))),
		saveTracked(tracked) {
			goesOn = tracked !== void 0;
			core.saveState("tracked", tracked ? redact(JSON.stringify(tracked)) : "");
		},
		publish(raw, options) {
			const report = withoutSecrets(raw, redact);
			const findings = [...report.findings];
			const attempt = (work, level, what) => {
				try {
					work();
				} catch (error) {
					findings.push({
						level,
						title: "Opper span",
						lines: [`${what}: ${redact(headlineOf(error))}`]
					});
				}
			};
			if (options.outputs) {
				const outputs = { ...outputsOf(report) };
				attempt(() => {
					if (outputs.span) outputs.span_file = host.writeTemp("opper-span.json", outputs.span);
				}, "warning", "The file for the output span_file cannot be written");
				const { fit, dropped } = fitting$1(outputs);
				if (dropped.length > 0) findings.push(tooLong(dropped));
				attempt(() => {
					for (const name of OUTPUTS) core.setOutput(name, fit[name]);
					for (const [name, id] of variablesOf(report)) core.exportVariable(name, id);
				}, "error", "The outputs cannot be written, so later steps do not get them");
			}
			for (const line of logOf(report)) core.info(inert(line));
			if (options.summary && !goesOn) attempt(() => host.appendSummary(summaryOf({
				...report,
				findings
			})), "warning", "The job summary cannot be written");
			if (report.gate && !passes(report.gate)) {
				const advice = report.gate.score === void 0 ? ". Set score or results_file" : "";
				findings.push({
					level: "error",
					title: "Opper span: gate",
					lines: [gateText(report.gate) + advice]
				});
			}
			for (const { level, title, lines } of findings) core[level](firstOf(lines, MAX_LINES).map((line) => inert(cut(line, MAX_LINE))).join("\n"), { title });
			return findings.some(({ level }) => level === "error") ? 1 : 0;
		}
	};
}
function withoutSecrets(report, redact) {
	const { outcome, jobStatus, changed } = report;
	const findings = report.findings.map((finding) => ({
		...finding,
		lines: redact(finding.lines)
	}));
	const tests = report.tests && {
		...report.tests,
		cases: []
	};
	return {
		...redact({
			...report,
			tests
		}),
		outcome,
		jobStatus,
		changed,
		findings
	};
}
function variablesOf({ outcome, span }) {
	if (!isNew(outcome)) return [];
	return [["OPPER_SPAN_ID", span.id], ["OPPER_TRACE_ID", span.trace_id]].filter((pair) => UUID.test(pair[1] ?? ""));
}
function tooLong(names) {
	return {
		level: "warning",
		title: "Opper span",
		lines: [`The outputs together exceed GitHub's limit of 1 MiB. Left empty: ${names.join(", ")}. The file at span_file has the whole span`]
	};
}
// src/run.ts
async function run(host, tracked) {
	const getInput = (name) => host.core.getInput(name, { trimWhitespace: false });
	const exit = createExit(host, [getInput("api_key"), host.env.OPPER_API_KEY ?? ""]);
	const startedAt = host.now();
	const now = new Date(startedAt);
	const read = readInputs(getInput, host.env.OPPER_API_KEY, now);
	const isStart = read.values.operation === "track" && !tracked;
	const job = jobOf(host.context, isStart ? {
		...read.values,
		job_status: void 0
	} : read.values);
	const report = newReport(tracked?.id ?? read.values.span_id, job);
	if (host.eventProblem) warn(report, [host.eventProblem]);
	let plan;
	try {
		const found = isStart ? NOTHING_FOUND : await readFound(read, host.files, now);
		report.tests = found.tests;
		warn(report, found.tests?.warnings ?? []);
		plan = tracked ? planAtEnd(read, found, job, host.newId) : planOf(read, found, job, host.newId);
		warn(report, plan.warnings);
		if (plan.refused) report.findings.push(findingOf(plan.refused, plan.inputs, "only the end of the job was recorded"));
		const task = taskOf(plan, job, host.newId(), now, tracked);
		if (plan.inputs.dry_run || plan.inputs.api_key === void 0) rehearse(task, plan, exit, report);
		else await carryOut(task, plan, host, exit, report);
	} catch (error) {
		report.outcome = "failed";
		report.findings.push(findingOf(error, read.values, "nothing was recorded"));
	}
	if (plan && !isStart) report.gate = gateOf(report, plan.inputs.min_score, job);
	report.elapsedMs = host.now() - startedAt;
	return exit.publish(report, {
		outputs: !tracked,
		summary: read.values.summary !== false
	});
}
// src/step.ts
var step_exports = __exportAll({ step: () => step });
function step(state) {
	config({ jitless: true });
	process.exitCode = 1;
	stage(state).then(exit, (thrown) => {
		error(headlineOf(thrown), { title: "Opper span: internal error" });
		exit(1);
	});
}
async function stage(state) {
	return run(nodeHost, state === void 0 ? void 0 : parseTracked(state));
}
function exit(code) {
	process.stdout.write("", () => process.exit(code));
}
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
Object.defineProperty(exports, "__commonJSMin", ({
	enumerable: true,
	get: function() {
		return __commonJSMin;
	}
}));
Object.defineProperty(exports, "__toESM", ({
	enumerable: true,
	get: function() {
		return __toESM;
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
Object.defineProperty(exports, "instantOf", ({
	enumerable: true,
	get: function() {
		return instantOf;
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
Object.defineProperty(exports, "readBeginning", ({
	enumerable: true,
	get: function() {
		return readBeginning;
	}
}));
Object.defineProperty(exports, "readFields", ({
	enumerable: true,
	get: function() {
		return readFields;
	}
}));
Object.defineProperty(exports, "readText", ({
	enumerable: true,
	get: function() {
		return readText;
	}
}));
Object.defineProperty(exports, "readTextPieces", ({
	enumerable: true,
	get: function() {
		return readTextPieces;
	}
}));
Object.defineProperty(exports, "recordOf", ({
	enumerable: true,
	get: function() {
		return recordOf;
	}
}));
Object.defineProperty(exports, "step", ({
	enumerable: true,
	get: function() {
		return step;
	}
}));
Object.defineProperty(exports, "step_exports", ({
	enumerable: true,
	get: function() {
		return step_exports;
	}
}));
Object.defineProperty(exports, "textOf", ({
	enumerable: true,
	get: function() {
		return textOf;
	}
}));

})();

module.exports = __webpack_exports__;
/******/ })()
;