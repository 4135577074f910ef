/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

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

/***/ 24:
/***/ ((module) => {

"use strict";
module.exports = require("node:fs");

/***/ }),

/***/ 67:
/***/ ((module) => {

"use strict";
module.exports = require("node:http");

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
/******/ 	/* webpack/runtime/create fake namespace object */
/******/ 	(() => {
/******/ 		var getProto = Object.getPrototypeOf ? (obj) => (Object.getPrototypeOf(obj)) : (obj) => (obj.__proto__);
/******/ 		var leafPrototypes;
/******/ 		// create a fake namespace object
/******/ 		// mode & 1: value is a module id, require it
/******/ 		// mode & 2: merge all properties of value into the ns
/******/ 		// mode & 4: return value when already ns object
/******/ 		// mode & 16: return value when it's Promise-like
/******/ 		// mode & 8|1: behave like require
/******/ 		__nccwpck_require__.t = function(value, mode) {
/******/ 			if(mode & 1) value = this(value);
/******/ 			if(mode & 8) return value;
/******/ 			if(typeof value === 'object' && value) {
/******/ 				if((mode & 4) && value.__esModule) return value;
/******/ 				if((mode & 16) && typeof value.then === 'function') return value;
/******/ 			}
/******/ 			var ns = Object.create(null);
/******/ 			__nccwpck_require__.r(ns);
/******/ 			var def = {};
/******/ 			leafPrototypes = leafPrototypes || [null, getProto({}), getProto([]), getProto(getProto)];
/******/ 			for(var current = mode & 2 && value; typeof current == 'object' && !~leafPrototypes.indexOf(current); current = getProto(current)) {
/******/ 				Object.getOwnPropertyNames(current).forEach((key) => (def[key] = () => (value[key])));
/******/ 			}
/******/ 			def['default'] = () => (value);
/******/ 			__nccwpck_require__.d(ns, def);
/******/ 			return ns;
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/define property getters */
/******/ 	(() => {
/******/ 		// define getter functions for harmony exports
/******/ 		__nccwpck_require__.d = (exports, definition) => {
/******/ 			for(var key in definition) {
/******/ 				if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 					Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 				}
/******/ 			}
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/hasOwnProperty shorthand */
/******/ 	(() => {
/******/ 		__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/make namespace object */
/******/ 	(() => {
/******/ 		// define __esModule on exports
/******/ 		__nccwpck_require__.r = (exports) => {
/******/ 			if(typeof Symbol !== 'undefined' && Symbol.toStringTag) {
/******/ 				Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' });
/******/ 			}
/******/ 			Object.defineProperty(exports, '__esModule', { value: true });
/******/ 		};
/******/ 	})();
/******/ 	
/************************************************************************/
var __webpack_exports__ = {};
// \0rolldown/runtime.js
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __commonJSMin = (cb, mod) => () => (mod || (cb((mod = { exports: {} }).exports, mod, mod.exports), cb = null), mod.exports);
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
let node_fs = __nccwpck_require__(24);
let node_path = __nccwpck_require__(760);
let os = __nccwpck_require__(857);
os = __toESM(os, 1);
let crypto = __nccwpck_require__(982);
crypto = __toESM(crypto, 1);
let fs = __nccwpck_require__(896);
fs = __toESM(fs, 1);
let node_util = __nccwpck_require__(975);
// node_modules/@actions/core/lib/utils.js
/**
* Sanitizes an input into a string so it can be passed into issueCommand safely
* @param input input to sanitize into a string
*/
function toCommandValue(input) {
	if (input === null || input === void 0) return "";
	else if (typeof input === "string" || input instanceof String) return input;
	return JSON.stringify(input);
}
/**
*
* @param annotationProperties
* @returns The command properties to send with the actual annotation command
* See IssueCommandProperties: https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs#L646
*/
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
/**
* Issues a command to the GitHub Actions runner
*
* @param command - The command name to issue
* @param properties - Additional properties for the command (key-value pairs)
* @param message - The message to include with the command
* @remarks
* This function outputs a specially formatted string to stdout that the Actions
* runner interprets as a command. These commands can control workflow behavior,
* set outputs, create annotations, mask values, and more.
*
* Command Format:
*   ::name key=value,key=value::message
*
* @example
* ```typescript
* // Issue a warning annotation
* issueCommand('warning', {}, 'This is a warning message');
* // Output: ::warning::This is a warning message
*
* // Set an environment variable
* issueCommand('set-env', { name: 'MY_VAR' }, 'some value');
* // Output: ::set-env name=MY_VAR::some value
*
* // Add a secret mask
* issueCommand('add-mask', {}, 'secretValue123');
* // Output: ::add-mask::secretValue123
* ```
*
* @internal
* This is an internal utility function that powers the public API functions
* such as setSecret, warning, error, and exportVariable.
*/
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
/**
* The code to exit an action
*/
var ExitCode;
(function(ExitCode) {
	/**
	* A code indicating that the action was successful
	*/
	ExitCode[ExitCode["Success"] = 0] = "Success";
	/**
	* A code indicating that the action was a failure
	*/
	ExitCode[ExitCode["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
/**
* Registers a secret which will get masked from logs
*
* @param secret - Value of the secret to be masked
* @remarks
* This function instructs the Actions runner to mask the specified value in any
* logs produced during the workflow run. Once registered, the secret value will
* be replaced with asterisks (***) whenever it appears in console output, logs,
* or error messages.
*
* This is useful for protecting sensitive information such as:
* - API keys
* - Access tokens
* - Authentication credentials
* - URL parameters containing signatures (SAS tokens)
*
* Note that masking only affects future logs; any previous appearances of the
* secret in logs before calling this function will remain unmasked.
*
* @example
* ```typescript
* // Register an API token as a secret
* const apiToken = "abc123xyz456";
* setSecret(apiToken);
*
* // Now any logs containing this value will show *** instead
* console.log(`Using token: ${apiToken}`); // Outputs: "Using token: ***"
* ```
*/
function setSecret(secret) {
	issueCommand("add-mask", {}, secret);
}
/**
* Gets the value of an input.
* Unless trimWhitespace is set to false in InputOptions, the value is also trimmed.
* Returns an empty string if the value is not defined.
*
* @param     name     name of the input to get
* @param     options  optional. See InputOptions.
* @returns   string
*/
function getInput(name, options) {
	const val = process.env[`INPUT_${name.replace(/ /g, "_").toUpperCase()}`] || "";
	if (options && options.required && !val) throw new Error(`Input required and not supplied: ${name}`);
	if (options && options.trimWhitespace === false) return val;
	return val.trim();
}
/**
* Sets the value of an output.
*
* @param     name     name of the output to set
* @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
*/
function setOutput(name, value) {
	if (process.env["GITHUB_OUTPUT"] || "") return issueFileCommand("OUTPUT", prepareKeyValueMessage(name, value));
	process.stdout.write(os.EOL);
	issueCommand("set-output", { name }, toCommandValue(value));
}
/**
* Adds an error issue
* @param message error issue message. Errors will be converted to string via toString()
* @param properties optional properties to add to the annotation.
*/
function error(message, properties = {}) {
	issueCommand("error", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
* Adds a warning issue
* @param message warning issue message. Errors will be converted to string via toString()
* @param properties optional properties to add to the annotation.
*/
function warning(message, properties = {}) {
	issueCommand("warning", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
* Adds a notice issue
* @param message notice issue message. Errors will be converted to string via toString()
* @param properties optional properties to add to the annotation.
*/
function notice(message, properties = {}) {
	issueCommand("notice", toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
* Writes info to log with console.log.
* @param message info message
*/
function info(message) {
	process.stdout.write(message + os.EOL);
}
// node_modules/@actions/github/lib/context.js
var Context = class {
	/**
	* Hydrate the context from the environment
	*/
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
// node_modules/zod/v4/core/util.js
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
/**
* Installs a trait's members on its prototype. Each value builds that member for the instance on first read; the built value shadows the accessor as an own property, so a detached `const { parse } = schema` keeps working.
*
* Call this from a `proto` initializer, which runs once per prototype — never per instance.
*/
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
/** Shadows a prototype member with an own value, so a getter that builds from the instance runs once. */
function own(inst, key, value, enumerable = true) {
	Object.defineProperty(inst, key, {
		configurable: true,
		writable: true,
		enumerable,
		value
	});
	return value;
}
/** Like {@link own}, for a member that was never an own data property and has to stay out of `Object.keys`. */
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
/** Returns the prototype to install on, or `undefined` if this group is already installed on it. */
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
/**
* Installs a lazily-derived internal on the `_zod` prototype of `inst`'s
* constructor, computed from the internals object itself and cached there on
* first read. One accessor per constructor rather than one per instance.
*/
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
/**
* Installs `key` on `inst`'s prototype, computed by `make` on first read and cached there as an own
* data property. One accessor per constructor rather than one per instance, because an own accessor
* puts every instance after the first into v8 dictionary mode. The key doubles as the sentinel.
*/
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
/* @__NO_SIDE_EFFECTS__ */
function $constructor(name, initializer, proto, params) {
	const zodProto = {};
	function Internals(def) {
		this.def = def;
		this.constr = _;
		this.traits = /* @__PURE__ */ new Set();
	}
	Internals.prototype = zodProto;
	const protoMembers = proto;
	const initialized = protoMembers && /* @__PURE__ */ new WeakSet();
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
const _installedToString = /* @__PURE__ */ new WeakSet([Object.prototype, Error.prototype]);
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
const $ZodRealError = /* @__PURE__ */ $constructor("$ZodError", initializer, void 0, { Parent: Error });
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
const parse = /* @__PURE__*/ _parse($ZodRealError);
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
const parseAsync = /* @__PURE__*/ _parseAsync($ZodRealError);
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
const safeParse = /* @__PURE__*/ _safeParse($ZodRealError);
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
const safeParseAsync = /* @__PURE__*/ _safeParseAsync($ZodRealError);
// node_modules/zod/v4/core/regexes.js
const anyString = /^[\s\S]{0,}$/;
// node_modules/zod/v4/core/checks.js
const $ZodCheck = /*@__PURE__*/ $constructor("$ZodCheck", (inst, def) => {
	var _a;
	inst._zod ?? (inst._zod = {});
	inst._zod.def = def;
	(_a = inst._zod).onattach ?? (_a.onattach = []);
});
// node_modules/zod/v4/core/versions.js
const version$1 = {
	major: 4,
	minor: 6,
	patch: 7
};
// node_modules/zod/v4/core/schemas.js
const $ZodType = /*@__PURE__*/ $constructor("$ZodType", (inst, def) => {
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
/** The Standard Schema surface for `inst`. Shared so wrappers can extend it without forcing it. */
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
const $ZodString = /*@__PURE__*/ $constructor("$ZodString", (inst, def) => {
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
const $ZodUnknown = /*@__PURE__*/ $constructor("$ZodUnknown", (inst, def) => {
	$ZodType.init(inst, def);
	inst._zod.parse = (payload) => payload;
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
const $ZodObject = /*@__PURE__*/ $constructor("$ZodObject", (inst, def) => {
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
				if (!Object.prototype.hasOwnProperty.call(propValues, key)) assignProp(propValues, key, /* @__PURE__ */ new Set());
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
function handleOptionalResult(payload, result) {
	payload.value = result.issues.length ? void 0 : result.value;
	return payload;
}
const $ZodOptional = /*@__PURE__*/ $constructor("$ZodOptional", (inst, def) => {
	$ZodType.init(inst, def);
	defineLazyInternal(inst, "optin", (zod) => zod.def.innerType._zod.optin === "defaulted" ? "defaulted" : "optional");
	inst._zod.optout = "optional";
	defineLazyInternal(inst, "values", (zod) => {
		const values = zod.def.innerType._zod.values;
		return values ? /* @__PURE__ */ new Set([...values, void 0]) : void 0;
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
const $ZodExactOptional = /*@__PURE__*/ $constructor("$ZodExactOptional", (inst, def) => {
	$ZodOptional.init(inst, def);
	defineLazyInternal(inst, "values", (zod) => zod.def.innerType._zod.values);
	defineLazyInternal(inst, "pattern", (zod) => zod.def.innerType._zod.pattern);
	inst._zod.parse = (payload, ctx) => {
		return def.innerType._zod.run(payload, ctx);
	};
});
const $ZodNullable = /*@__PURE__*/ $constructor("$ZodNullable", (inst, def) => {
	$ZodType.init(inst, def);
	defineLazyInternal(inst, "optin", (zod) => zod.def.innerType._zod.optin);
	defineLazyInternal(inst, "optout", (zod) => zod.def.innerType._zod.optout);
	defineLazyInternal(inst, "pattern", (zod) => {
		const pattern = zod.def.innerType._zod.pattern;
		return pattern ? new RegExp(`^(${cleanRegex(pattern.source)}|null)$`) : void 0;
	});
	defineLazyInternal(inst, "values", (zod) => {
		return zod.def.innerType._zod.values ? /* @__PURE__ */ new Set([...zod.def.innerType._zod.values, null]) : void 0;
	});
	inst._zod.parse = (payload, ctx) => {
		if (payload.value === null) return payload;
		return def.innerType._zod.run(payload, ctx);
	};
});
const $ZodCustom = /*@__PURE__*/ $constructor("$ZodCustom", (inst, def) => {
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
// @__NO_SIDE_EFFECTS__
function _string(Class, params) {
	return new Class(snapshotChecks({
		type: "string",
		...normalizeParams(params)
	}));
}
// @__NO_SIDE_EFFECTS__
function _unknown(Class) {
	return new Class({ type: "unknown" });
}
// @__NO_SIDE_EFFECTS__
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
// node_modules/zod/v4/mini/schemas.js
const ZodMiniType = /*@__PURE__*/ $constructor("ZodMiniType", (inst, def) => {
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
		return parse(this, data, params, { callee: this.parse });
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
const ZodMiniString = /*@__PURE__*/ $constructor("ZodMiniString", (inst, def) => {
	$ZodString.init(inst, def);
	ZodMiniType.init(inst, def);
});
// @__NO_SIDE_EFFECTS__
function string(params) {
	return /* @__PURE__ */ _string(ZodMiniString, params);
}
const ZodMiniUnknown = /*@__PURE__*/ $constructor("ZodMiniUnknown", (inst, def) => {
	$ZodUnknown.init(inst, def);
	ZodMiniType.init(inst, def);
});
// @__NO_SIDE_EFFECTS__
function unknown() {
	return /* @__PURE__ */ _unknown(ZodMiniUnknown);
}
const ZodMiniObject = /*@__PURE__*/ $constructor("ZodMiniObject", (inst, def) => {
	$ZodObject.init(inst, def);
	ZodMiniType.init(inst, def);
	installLazyProp(inst, "shape", (self) => self._zod.def.shape, false);
});
// @__NO_SIDE_EFFECTS__
function looseObject(shape, params) {
	return new ZodMiniObject({
		type: "object",
		shape,
		catchall: /* @__PURE__ */ unknown(),
		...normalizeParams(params)
	});
}
const ZodMiniExactOptional = /*@__PURE__*/ $constructor("ZodMiniExactOptional", (inst, def) => {
	$ZodExactOptional.init(inst, def);
	ZodMiniType.init(inst, def);
});
// @__NO_SIDE_EFFECTS__
function exactOptional(innerType) {
	return new ZodMiniExactOptional({
		type: "optional",
		innerType
	});
}
const ZodMiniNullable = /*@__PURE__*/ $constructor("ZodMiniNullable", (inst, def) => {
	$ZodNullable.init(inst, def);
	ZodMiniType.init(inst, def);
});
// @__NO_SIDE_EFFECTS__
function nullable(innerType) {
	return new ZodMiniNullable({
		type: "nullable",
		innerType
	});
}
const ZodMiniCustom = /*@__PURE__*/ $constructor("ZodMiniCustom", (inst, def) => {
	$ZodCustom.init(inst, def);
	ZodMiniType.init(inst, def);
});
// @__NO_SIDE_EFFECTS__
function custom(fn, _params) {
	return /* @__PURE__ */ _custom(ZodMiniCustom, fn ?? (() => true), _params);
}
// package.json
var version = "1.0.0";
// src/errors.ts
/** A text does not have the form it should. The message begins with the verb, as in {@link Problem}. */
var FormError = class extends Error {
	name = "FormError";
	found;
	constructor(message, options = {}) {
		super(message, "cause" in options ? { cause: options.cause } : void 0);
		this.found = options.found;
	}
};
/** What the step was given cannot be used. Carries every problem at once; nothing has been sent. */
var InputError = class extends Error {
	name = "InputError";
	problems;
	constructor(problems) {
		super(problems.map((problem) => `${problem.name}: ${problem.message}`).join("\n"));
		this.problems = problems;
	}
};
/** The API could not be reached, refused, or answered something that is not the span asked for. */
var ApiError = class extends Error {
	name = "ApiError";
	/** HTTP status of the last answer; absent when none came. */
	status;
	/** The server's own words. Foreign and possibly long: whoever shows them makes them inert and cuts them. */
	said;
	/** What the reader of the red step can do about it, as a full sentence. */
	hint;
	constructor(message, options = {}) {
		super(message, "cause" in options ? { cause: options.cause } : void 0);
		this.status = options.status;
		this.said = options.said;
		this.hint = options.hint;
	}
};
/**
* Every message of a chain of causes, outermost first, as one line: `fetch failed: connect ECONNREFUSED 127.0.0.1:9`.
* Node's fetch says only "fetch failed"; what happened stands in the cause, for an address with several IPs in an
* AggregateError with an empty message. Anything may be thrown, so anything is accepted.
*/
function headlineOf$1(thrown) {
	const messages = [...causesOf(thrown)].map((error) => messageOf(error).trim().replace(/[\r\n]+/g, " "));
	return [...new Set(messages)].filter((one) => !messages.some((other) => other !== one && other.includes(one))).join(": ") || "unknown error";
}
function messageOf(thrown) {
	if (!(thrown instanceof Error)) return typeof thrown === "string" ? thrown : (0, node_util.inspect)(thrown);
	return thrown.message || codeOf(thrown) || thrown.name;
}
/** The first system or library code (`ECONNREFUSED`, `UND_ERR_SOCKET`, …) in a chain of causes; empty when there is none. */
function codeOf(thrown) {
	for (const error of causesOf(thrown)) {
		const code = error?.code;
		if (typeof code === "string") return code;
	}
	return "";
}
function* causesOf(thrown) {
	let error = thrown;
	for (let depth = 0; depth < 10 && error !== void 0; depth++) {
		yield error;
		if (error instanceof AggregateError && error.errors.length > 0) [error] = error.errors;
		else error = error instanceof Error ? error.cause : void 0;
	}
}
// src/api/proxy.ts
const PROXY_VARIABLES = [
	"https_proxy",
	"HTTPS_PROXY",
	"http_proxy",
	"HTTP_PROXY"
];
/**
* Makes `fetch` use the proxies that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, in either case, which Node does by itself
* only when started with NODE_USE_ENV_PROXY=1 (nodejs.org/api/http, "Built-in Proxy Support"). Resolves to warnings.
* Throws {@link InputError} for a proxy that is no URL. `loadHttp` is called where there is a proxy, since loading node:http
* costs a third of the step's start.
*/
async function useProxy(env, loadHttp) {
	const variables = PROXY_VARIABLES.filter((name) => env[name]);
	const [variable] = variables;
	if (!variable || env.NODE_USE_ENV_PROXY === "1") return [];
	const { setGlobalProxyFromEnv } = await loadHttp();
	if (!setGlobalProxyFromEnv) return [`${variable} is set, but this release of Node can follow it only from its start. Set NODE_USE_ENV_PROXY to 1 in the env of the step; until then the request goes out directly`];
	try {
		setGlobalProxyFromEnv(env);
	} catch {
		const wrong = variables.filter((name) => !/^https?:$/.test(URL.parse(env[name] ?? "")?.protocol ?? ""));
		throw new InputError((wrong.length > 0 ? wrong : variables).map((name) => ({
			name,
			message: "is not a URL such as http://proxy.example:3128"
		})));
	}
	return [];
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
	const object = /* @__PURE__ */ Object.create(null);
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
const textTypes = /* @__PURE__ */ new Set([
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
const retryStatusCodes = /* @__PURE__ */ new Set([
	408,
	409,
	425,
	429,
	500,
	502,
	503,
	504
]);
const nullBodyResponses = /* @__PURE__ */ new Set([
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
				const error = /* @__PURE__ */ new Error("[TimeoutError]: The operation was aborted due to timeout");
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
// src/json.ts
const MAX_DEPTH$2 = 1e3;
/**
* Strict JSON (RFC 8259). An integer beyond ±(2⁵³−1) or a number beyond the range of a double comes back as {@link RawJson},
* so that writing the value again gives the same number; a fraction is the double next to it, as in most readers of JSON. A byte order mark at the start is skipped.
* Throws {@link FormError} that says where and why: line and column count from 1, columns in UTF-16 units. Nesting of more
* than `maxDepth` levels is an error too, so what comes back can be walked and written.
*/
function parseJson(text, maxDepth = MAX_DEPTH$2) {
	const source = text.startsWith("﻿") ? text.slice(1) : text;
	let value;
	try {
		value = JSON.parse(source);
	} catch (error) {
		throw new FormError(`is not JSON: ${explainBreak(source)}`, { cause: error });
	}
	checkDepth(source, maxDepth);
	if (!/\d{16}|\d[eE]/.test(source)) return value;
	const lossless = (_key, value, { source }) => typeof value === "number" && source !== void 0 && isLossy(value, source) ? JSON.rawJSON(source) : value;
	return JSON.parse(source, lossless);
}
/** Whether a JSON value is an object: not null, not an array, not a number kept as text. */
function isJsonObject(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}
/** The kind of a JSON value in words, for a sentence such as "expected an object, got an array". */
function kindOf(value) {
	if (value === null) return "null";
	if (Array.isArray(value)) return "an array";
	if (JSON.isRawJSON(value)) return "a number";
	return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
/** Whether two JSON values say the same; the order of an object's keys does not count. */
function sameJson(a, b) {
	return a === b || JSON.stringify(a, withSortedKeys) === JSON.stringify(b, withSortedKeys);
}
function withSortedKeys(_key, value) {
	if (!isJsonObject(value)) return value;
	return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}
function isLossy(value, source) {
	if (value === 0) return /^[^eE]*[1-9]/.test(source);
	return !Number.isFinite(value) || Number.isInteger(value) && !Number.isSafeInteger(value);
}
/** Throws {@link FormError} at the bracket of a JSON text that opens one level too many. */
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
		else if ((character === "{" || character === "[") && ++depth > maxDepth) throw new FormError(`is nested too deeply: ${placeOf(text, at)}: more than ${maxDepth} levels`);
	}
}
const WHITE_SPACE = /[ \t\n\r]*/y;
const MARK = /[{}[\]:,]/;
const WORD = /[^\s{}[\]:,"]+|./suy;
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;
/**
* Where a text stops being JSON, what would have been expected there and what stands there; V8's own message leaves out
* the place of most breaks. The place is the start of the word or mark that does not fit, within a string the character.
*/
function explainBreak(text) {
	const open = [];
	let expected = "a value";
	let at = endOf(WHITE_SPACE, text, 0);
	for (;;) {
		const word = wordAt(text, at);
		const token = tokenOf(word);
		const next = token && expectedAfter(token, expected, open);
		if (next === void 0) return `${placeOf(text, at)}: expected ${expected}, found ${shown(word)}`;
		let end = at + word.length;
		if (token === "string") {
			const { fault, ...string } = scanString(text, at);
			if (fault) return `${placeOf(text, string.at)}: found ${fault}`;
			end = string.at;
		}
		expected = next;
		at = endOf(WHITE_SPACE, text, end);
	}
}
/** A mark, a word as far as it goes, the quote that opens a string; '' at the end of the text. */
function wordAt(text, at) {
	return text.slice(at, endOf(WORD, text, at));
}
function tokenOf(word) {
	if (MARK.test(word)) return word;
	if (word === "\"") return "string";
	return SCALAR.test(word) ? "scalar" : void 0;
}
/** What may follow a token; undefined where the token itself does not fit. Keeps `open` up to date. */
function expectedAfter(token, expected, open) {
	const inside = open.at(-1);
	switch (token) {
		case "{":
		case "[":
			if (!expected.startsWith("a value")) return void 0;
			open.push(token);
			return token === "{" ? "a key in double quotes or }" : "a value or ]";
		case "}":
		case "]":
			if (!expected.endsWith(token)) return void 0;
			open.pop();
			return afterValue(open.at(-1));
		case ":": return expected === ":" ? "a value" : void 0;
		case ",":
			if (!expected.startsWith(",")) return void 0;
			return inside === "{" ? "a key in double quotes" : "a value";
		case "string":
			if (expected.startsWith("a key")) return ":";
			return expected.startsWith("a value") ? afterValue(inside) : void 0;
		case "scalar": return expected.startsWith("a value") ? afterValue(inside) : void 0;
	}
}
function afterValue(inside) {
	if (inside === void 0) return "the end";
	return inside === "{" ? ", or }" : ", or ]";
}
const PLAIN$1 = /[^"\\\x00-\x1f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
/** Where the string ends whose opening quote is at `start`, or what is wrong with it, and where. */
function scanString(text, start) {
	let at = start + 1;
	for (;;) {
		at = endOf(PLAIN$1, text, at);
		const character = text[at];
		if (character === "\"") return { at: at + 1 };
		if (character === void 0) return {
			at: start,
			fault: "a string that is not closed"
		};
		const next = endOf(ESCAPE, text, at);
		if (next > at) at = next;
		else if (character === "\\") return {
			at,
			fault: `a bad escape in a string; a backslash is written \\\\`
		};
		else return {
			at,
			fault: `a control character in a string; it is written ${JSON.stringify(character).slice(1, -1)}`
		};
	}
}
/** Where a sticky pattern ends that begins at `at`; `at` itself where it does not match. */
function endOf(pattern, text, at) {
	pattern.lastIndex = at;
	return pattern.test(text) ? pattern.lastIndex : at;
}
function placeOf(text, offset) {
	const before = text.slice(0, offset);
	return `line ${before.split("\n").length}, column ${offset - before.lastIndexOf("\n")}`;
}
function shown(word) {
	if (word === "") return "the end of the text";
	if (word === "\"") return "a string";
	return word.replace(/^(.{20}).+$/su, "$1…");
}
// src/secret.ts
const MIN_PIECE = 12;
/**
* A function that replaces a secret by `***` in every text of a value, however deep, keys of objects included. It finds
* the secret as it is, as JSON, URL and Base64 write it, and a beginning of any of these that a cut left over. One of a few
* letters, which is in ordinary words too, is looked for as it is, and not in keys.
*/
function redactorOf(secret) {
	if (secret === "") return (value) => value;
	const isShort = secret.length < MIN_PIECE;
	const forms = isShort ? [secret] : formsOf(secret);
	const beginning = new RegExp(forms.map((form) => RegExp.escape(form.slice(0, MIN_PIECE))).join("|"), "g");
	const redactText = (text) => {
		const kept = [];
		let end = 0;
		beginning.lastIndex = 0;
		for (let found = beginning.exec(text); found; found = beginning.exec(text)) {
			const start = found.index;
			kept.push(text.slice(end, start));
			end = start + Math.max(...forms.map((form) => commonLength(form, text, start)));
			beginning.lastIndex = end;
		}
		return [...kept, text.slice(end)].join("***");
	};
	const redact = (value) => {
		if (typeof value === "string") return redactText(value);
		if (Array.isArray(value)) return value.map(redact);
		if (!isJsonObject(value)) return value;
		return Object.fromEntries(Object.entries(value).map(([key, item]) => [isShort ? key : redactText(key), redact(item)]));
	};
	return redact;
}
function formsOf(secret) {
	const json = JSON.stringify(secret).slice(1, -1);
	const base64 = [
		0,
		1,
		2
	].map((shift) => Buffer.from(" ".repeat(shift) + secret).toString("base64").replace(/=+$/, "").slice(shift && shift + 1));
	const base64Url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
	return [.../* @__PURE__ */ new Set([
		secret,
		json,
		encodeURIComponent(secret),
		...base64,
		...base64Url
	])];
}
/** How many characters of `form` stand in `text` at `start`. */
function commonLength(form, text, start) {
	let length = 0;
	while (length < form.length && form[length] === text[start + length]) length++;
	return length;
}
// src/timestamp.ts
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?$/;
const UNIX_SECONDS = /^\d{10}(\.\d{1,9})?$/;
const UNIX_MILLISECONDS = /^\d{13}$/;
/**
* A time stamp the API takes, from `now`, RFC 3339 with `Z` or an offset, or Unix time in seconds (10 digits, a fraction
* allowed) or milliseconds (13 digits). A valid RFC 3339 text comes back as it is, so microseconds survive.
* Throws {@link FormError}.
*/
function parseTimestamp(text, now) {
	if (text === "now") return now.toISOString();
	const [unixSeconds, fraction = ""] = UNIX_SECONDS.exec(text) ?? [];
	if (unixSeconds !== void 0) return (/* @__PURE__ */ new Date(Number(text.slice(0, 10)) * 1e3)).toISOString().replace(".000Z", `${fraction}Z`);
	if (UNIX_MILLISECONDS.test(text)) return new Date(Number(text)).toISOString();
	const [whole, year, month, day, hour, minute, second, offset] = RFC_3339.exec(text) ?? [];
	if (whole === void 0) {
		if (/^\d+$/.test(text)) throw new FormError(`has ${text.length} digits. Unix time has 10 for seconds or 13 for milliseconds`, { found: text });
		if (/[+-]\d{4}$/.test(text)) throw new FormError("has an offset without a colon. Write it as +02:00", { found: text });
		throw new FormError("is not a time. Write now, a time such as 2026-04-07T13:33:27Z, or Unix time (10 digits for seconds, 13 for milliseconds)", { found: text });
	}
	if (offset === void 0) throw new FormError("has no offset. Add Z for UTC, or one such as +02:00", { found: text });
	if (!(Number(day) >= 1 && Number(day) <= daysIn(Number(year), Number(month)) && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60)) throw new FormError("is a date or time that does not exist", { found: text });
	return text;
}
/** Milliseconds since the Unix epoch, undefined where the text is no RFC 3339 time. With no offset it is UTC, as the API's are. */
function instantOf(timestamp) {
	const [whole, , , , , , , offset] = RFC_3339.exec(timestamp) ?? [];
	if (whole === void 0) return void 0;
	const instant = Date.parse(`${whole.toUpperCase().replace(" ", "T")}${offset === void 0 ? "Z" : ""}`);
	return Number.isNaN(instant) ? void 0 : instant;
}
function daysIn(year, month) {
	if (month < 1 || month > 12) return 0;
	return new Date(Date.UTC(2e3 + year % 400, month, 0)).getUTCDate();
}
// src/api/span.ts
const orNull = (schema) => /* @__PURE__ */ exactOptional(/* @__PURE__ */ nullable(schema));
const text = /* @__PURE__ */ string("expected text");
const textOrNull = orNull(text);
const jsonOrNull = orNull(/* @__PURE__ */ custom());
const metaOrNull = orNull(/* @__PURE__ */ custom(isJsonObject, "expected an object"));
const numberOrNull = orNull(/* @__PURE__ */ custom((value) => typeof value === "number" || JSON.isRawJSON(value), "expected a number"));
/** What can be recorded, in the order in which it is shown. */
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
/**
* A span as the API answers it. Fields that are null may be missing altogether; unknown ones are kept. `input` and
* `output` may be any JSON. `feedback` is human feedback and comes with `GET` only.
*/
const Span = /* @__PURE__ */ looseObject({
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
	meta: metaOrNull,
	score: numberOrNull,
	feedback: orNull(/* @__PURE__ */ looseObject({
		score: numberOrNull,
		comment: textOrNull
	}))
});
/** Whether the stored span has to be read before {@link patchFor}: only where its `meta` is to be kept beside new keys. */
function needsStored({ fields, clear, keepsMeta }) {
	return fields.meta !== void 0 && keepsMeta && !clear.includes("meta");
}
/**
* The body to send. Fields that the recording does not name are absent, so the API leaves them alone. The stored `meta`
* is sent along under the recorded keys, which loses nothing whether the API merges `meta` or replaces it.
*/
function patchFor(recording, stored) {
	const patch = {
		...Object.fromEntries(recording.clear.map((field) => [field, null])),
		...recording.fields
	};
	if (recording.fields.meta && needsStored(recording)) patch.meta = {
		...stored?.meta,
		...recording.fields.meta
	};
	return patch;
}
/** The fields whose value differs between two states of a span. Times are compared as instants; null is absent. */
function changesBetween(before, after) {
	return SPAN_FIELDS.filter((field) => !sameValue(field, before[field], after[field]));
}
/**
* The fields that a span does not hold as they were sent. `meta` is compared key by key where the sent one was merged with
* the stored one ({@link needsStored}), since somebody else may have added a key in between, and as a whole otherwise.
*/
function unstoredFields(patch, span, isMerged) {
	return SPAN_FIELDS.filter((field) => {
		const sent = patch[field];
		if (sent === void 0) return false;
		if (field === "meta" && isMerged && patch.meta && span.meta) return Object.keys(differenceOf(patch.meta, span.meta)[0]).length > 0;
		return !sameValue(field, sent, span[field]);
	});
}
/** Two objects without the entries in which they are the same: what there is to see in a comparison. */
function differenceOf(a, b) {
	const without = (one, other) => Object.fromEntries(Object.entries(one).filter(([key, value]) => !sameJson(value, ownValue(other, key))));
	return [without(a, b), without(b, a)];
}
function ownValue(object, key) {
	return Object.hasOwn(object, key) ? object[key] : void 0;
}
/** Milliseconds from start to end, undefined where one of them is missing. Negative when the end is before the start. */
function durationMsOf({ start_time, end_time }) {
	const [start, end] = [instantOf(start_time ?? ""), instantOf(end_time ?? "")];
	return start === void 0 || end === void 0 ? void 0 : end - start;
}
function sameValue(field, a, b) {
	if (field.endsWith("_time") && typeof a === "string" && typeof b === "string") {
		const instant = instantOf(a);
		return instant === void 0 ? a === b : instant === instantOf(b);
	}
	return sameJson(a ?? null, b ?? null);
}
// src/api/answer.ts
const MAX_DEPTH$1 = 1100;
/** No answer that an API gives: too long, or with a status that HTTP does not know. Asking again brings the same. */
var BadAnswerError = class extends Error {
	name = "BadAnswerError";
};
/** The span of an answer with a status below 400. Throws {@link ApiError} where it holds none, or another than asked for. */
function spanOf(answer, call, id) {
	const { status, body } = answer;
	const failure = (what, said) => apiError(call, `${answerText(answer)}${what}`, {
		status,
		hint: "Check that base_url is the address of the Opper API, with its /v2.",
		...said && { said }
	});
	if (status >= 300) throw failure(answer.location === null ? ", but with no span" : `${targetText(answer, call)}, but redirects are not followed, so that the key stays with base_url`);
	if (body.trim() === "") throw failure(", but with nothing where a span was expected");
	let json;
	try {
		json = parseJson(body, MAX_DEPTH$1);
	} catch (error) {
		if (!(error instanceof FormError)) throw error;
		throw failure(isHtml(body) ? ", but with an HTML page" : `, but what came ${error.message}`, wordsOf(body));
	}
	const parsed = safeParse(Span, json);
	if (!parsed.success) {
		const faults = isJsonObject(json) ? parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) : [];
		throw failure(`, but with ${kindOf(json)} that is not a span`, faults.join("; "));
	}
	if (parsed.data.id.toLowerCase() !== id.toLowerCase()) throw failure(", but with another span than the one asked for", parsed.data.id);
	return parsed.data;
}
/** ` to other.example` where the answer names another place; only the host, for the rest may be long and private. */
function targetText({ location }, { url, redact }) {
	const target = location === null ? null : URL.parse(redact(location), url);
	return target?.host ? ` to ${target.host}` : "";
}
/** The error for an answer with a status of 400 or more. A wait it asks for that is longer than `maxWaitMs` is named. */
function refusal(answer, call, maxWaitMs) {
	const { status, retryAfterMs = 0 } = answer;
	const words = wordsOf(answer.body);
	const said = words === answer.statusText ? "" : words;
	const hint = retryAfterMs > maxWaitMs ? `It asks to wait ${secondsOf$1(retryAfterMs)} (Retry-After), longer than the ${secondsOf$1(maxWaitMs)} this step waits at most. Run the job again then.` : hintFor(status);
	return apiError(call, `${answerText(answer)} (${times(call.attempts)})`, {
		status,
		...said && { said },
		...hint && { hint }
	});
}
/** The error where no whole answer came. `thrown` is what `fetch` or reading the body threw. */
function connectionError(thrown, call, timeoutMs) {
	return apiError(call, `${failureText(thrown, timeoutMs)} (${times(call.attempts)})`, { hint: connectionHint(thrown) });
}
/** Without a `cause`: its message stands in the error's own, and the rest of it may hold the bytes that were received. */
function apiError({ method, url, redact }, what, options) {
	return new ApiError(redact(`${method} ${url} ${what}`), redact(options));
}
/** `was answered with 503 Service Unavailable`. */
function answerText({ status, statusText }) {
	return `was answered with ${`${status} ${statusText}`.trim()}`;
}
/** `failed: connect ECONNREFUSED 127.0.0.1:9`, or what the time limit was. */
function failureText(thrown, timeoutMs) {
	if (isTimeout(thrown)) return `got no complete answer within ${secondsOf$1(timeoutMs)}`;
	const proxyStatus = proxyStatusOf(thrown);
	if (proxyStatus) return `failed: the proxy answered with ${proxyStatus}`;
	return `failed: ${headlineOf$1(thrown).replace(/^(fetch failed|terminated): /, "").replace(/^[^ ]*:SSL routines:[^:]*:([^:]+):.*$/s, "TLS: $1")}`;
}
/** Whether another attempt would end the same way: with this certificate, this kind of answer, this login at the proxy. */
function isFinal(thrown) {
	return thrown instanceof BadAnswerError || isCertificateError(thrown) || proxyStatusOf(thrown) === "407";
}
/** `0.423 s`, `12.5 s`, `3600 s`. */
function secondsOf$1(ms) {
	const seconds = ms / 1e3;
	return `${seconds < 100 ? Number(seconds.toPrecision(3)) : Math.round(seconds)} s`;
}
function times(attempts) {
	return attempts === 1 ? "tried once" : `tried ${attempts} times`;
}
function hintFor(status) {
	switch (status) {
		case 401: return "The API does not know this key. Check the secret behind api_key or OPPER_API_KEY.";
		case 403: return "The key is known but may not do this. Check its rights and its project.";
		case 404: return "Check span_id, that the key belongs to the project of the span, and base_url. A span made a moment ago can take a little until it is there.";
		case 413: return "Record less: shorten output, input, error or meta.";
		case 422: return "Correct what it names.";
		case 429: return "Too many requests. Raise retries, or run fewer of these steps at once.";
		default: return status >= 500 ? "The API is in trouble. Run the job again later; with fail_on_api_error false a job stays green all the same." : void 0;
	}
}
function connectionHint(thrown) {
	if (thrown instanceof BadAnswerError) return "Check that base_url is the address of the Opper API.";
	if (isTimeout(thrown)) return "Raise timeout_seconds, or check the network of the runner.";
	switch (codeOf(thrown)) {
		case "ERR_SSL_WRONG_VERSION_NUMBER": return "What answers there does not speak TLS. Check scheme and port, in base_url and in HTTPS_PROXY.";
		case "ERR_TLS_CERT_ALTNAME_INVALID":
		case "HOSTNAME_MISMATCH": return "The certificate is for another host. Check base_url.";
		case "CERT_HAS_EXPIRED":
		case "CERT_NOT_YET_VALID": return "The server has to renew its certificate, or the clock of the runner is wrong.";
	}
	if (isCertificateError(thrown)) return "The certificate is not trusted on this runner. For a private CA, set NODE_EXTRA_CA_CERTS in the env of the step to the path of its PEM file.";
	if (proxyStatusOf(thrown) === "407") return "The proxy wants a user and password, or others than it got. Set HTTPS_PROXY in the env of the step to http://USER:PASSWORD@HOST:PORT, from a secret.";
	return "Check base_url (scheme, host, port) and the network of the runner; behind a proxy, HTTPS_PROXY in the env of the step too.";
}
function isTimeout(thrown) {
	return thrown instanceof Error && thrown.name === "TimeoutError";
}
function isCertificateError(thrown) {
	return /CERT|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH/.test(codeOf(thrown));
}
/** The status with which a proxy refused to connect. undici has it in the message only (its lib/dispatcher/proxy-agent.js). */
function proxyStatusOf(thrown) {
	return /Proxy response \((\d+)\)/.exec(headlineOf$1(thrown))?.[1];
}
function isHtml(body) {
	return /^\s*<(!doctype html|html)\b/i.test(body);
}
/**
* What an error body says, whatever its shape: the API's envelope `{ type, message, detail }`, a bare `detail` as text,
* object or list (FastAPI's `{ loc, msg }`), some other JSON, an HTML page (its title), plain text, nothing.
*/
function wordsOf(body) {
	if (isHtml(body)) return /<title[^>]*>([^<]*)/i.exec(body)?.[1]?.trim() ?? "";
	try {
		return jsonWords(parseJson(body));
	} catch {
		return body.trim();
	}
}
function jsonWords(json) {
	if (!isJsonObject(json)) return typeof json === "string" ? json : JSON.stringify(json);
	const { message, detail } = json;
	const details = (Array.isArray(detail) ? detail : [detail]).map(detailText).filter(Boolean);
	if (details.length > 0) return details.join("; ");
	return typeof message === "string" ? message : JSON.stringify(json);
}
function detailText(detail) {
	if (detail === void 0 || detail === null) return "";
	if (!isJsonObject(detail)) return typeof detail === "string" ? detail : JSON.stringify(detail);
	const { loc, msg } = detail;
	if (typeof msg !== "string") return JSON.stringify(detail);
	return Array.isArray(loc) ? `${loc.join(".")}: ${msg}` : msg;
}
// src/api/client.ts
/** An answer longer than this is no span. */
const MAX_BODY_BYTES = 33554432;
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
/**
* The spans API (v2) over ofetch. Every request goes to the origin of `baseUrl` and redirects are not followed, so the
* key reaches no other; it lives in this closure and in no object that is thrown or shown.
*
* An attempt ends with its whole body read (see {@link attemptWith}), so ofetch retries what breaks half-way too, each
* attempt with its own timeout. That, and what is set and hooked in below, keeps out four ways of ofetch 1.5.1: `timeout`
* is not renewed for a retry and ends at the headers (unjs/ofetch#621, #620); PATCH is not retried, 409 is; a body that is
* not JSON comes back as text; redirects are followed.
*/
function createClient(options) {
	const { baseUrl, apiKey, timeoutMs, retries, now, onRetry } = options;
	const traffic = {
		requests: 0,
		status: void 0
	};
	const request = createFetch({ fetch: attemptWith(options, traffic) });
	const redact = redactorOf(apiKey);
	async function send(method, id, patch) {
		const url = urlOf(baseUrl, id);
		const firstRequest = traffic.requests;
		const attempts = () => traffic.requests - firstRequest;
		const call = () => ({
			method,
			url,
			attempts: attempts(),
			redact
		});
		const beforeRetry = async (context) => {
			const wait = waitAfter(context, attempts(), options);
			if (wait === void 0) context.options.retry = false;
			else if (attempts() <= retries) {
				const { error, response } = context;
				const what = response ? answerText(answerOf(response, now())) : failureText(error, timeoutMs);
				onRetry(`${method} ${what}; attempt ${attempts() + 1} of ${retries + 1} in ${secondsOf$1(wait)}`);
				await options.wait(wait);
			}
		};
		try {
			return spanOf(answerOf(await request.raw(url, {
				method,
				headers: {
					accept: "application/json",
					authorization: `Bearer ${apiKey}`,
					"user-agent": options.userAgent
				},
				...patch && { body: patch },
				responseType: "text",
				redirect: "manual",
				retry: retries,
				onRequestError: beforeRetry,
				onResponseError: beforeRetry
			}), now()), call(), id);
		} catch (error) {
			if (!(error instanceof FetchError)) throw error;
			throw error.response ? refusal(answerOf(error.response, now()), call(), MAX_RETRY_AFTER_MS) : connectionError(error.cause, call(), timeoutMs);
		}
	}
	return {
		getSpan: (id) => send("GET", id),
		updateSpan: (id, patch) => send("PATCH", id, patch),
		traffic
	};
}
/** The URL of a span; `baseUrl` has no slash at its end. */
function urlOf(baseUrl, id) {
	return `${baseUrl}/spans/${id}`;
}
/** One attempt as a `fetch`: a signal of its own, and a response whose body, bounded in size, has arrived. */
function attemptWith({ fetch, timeoutMs }, traffic) {
	return async (input, init) => {
		traffic.requests++;
		const response = await fetch(input, {
			...init,
			signal: AbortSignal.timeout(timeoutMs)
		});
		traffic.status = response.status;
		if (response.status > 599) throw new BadAnswerError(`the status ${response.status} is none of HTTP`);
		const text = await textOf$2(response);
		return Object.assign(response, { text: async () => text });
	};
}
async function textOf$2(response) {
	const chunks = [];
	let size = 0;
	for await (const chunk of response.body ?? []) {
		size += chunk.byteLength;
		if (size > 33554432) throw new BadAnswerError(`the answer is larger than ${MAX_BODY_BYTES / 1024 / 1024} MiB, which no span is`);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks, size).toString();
}
/** How long to wait before the next attempt in milliseconds, undefined where there is no point in one. */
function waitAfter({ error, response }, attempt, { random, now }) {
	if (response ? !RETRIED_STATUSES.includes(response.status) : isFinal(error)) return void 0;
	const asked = response && retryAfterMs(response, now());
	if (asked !== void 0) return asked <= MAX_RETRY_AFTER_MS ? asked : void 0;
	return random() * Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), MAX_WAIT_MS);
}
function answerOf(response, now) {
	return {
		status: response.status,
		statusText: response.statusText,
		location: response.headers.get("location"),
		retryAfterMs: RETRIED_STATUSES.includes(response.status) ? retryAfterMs(response, now) : void 0,
		body: response._data ?? ""
	};
}
/** `Retry-After` in milliseconds (RFC 9110, section 10.2.3: seconds or a date); undefined where absent or neither. */
function retryAfterMs({ headers }, now) {
	const value = headers.get("retry-after")?.trim() ?? "";
	if (/^\d+$/.test(value)) return Number(value) * 1e3;
	const date = / GMT$/.test(value) ? Date.parse(value) : NaN;
	return Number.isNaN(date) ? void 0 : Math.max(date - now, 0);
}
// action.yml
const defaults = {
	"span_id": "",
	"api_key": "",
	"base_url": "https://api.opper.ai/v2",
	"operation": "update",
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
// src/decimal.ts
const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
const MAX_LENGTH = 400;
/**
* Reads `9`, `-3`, `9.0`, `1e2`, `0.87`, and `.87` as bc writes it. Anything else, `NaN`, hex or an empty text among it, is
* undefined; so is what has more than 400 characters, or an exponent beyond ±400.
*/
function parseDecimal(text) {
	const [, sign, whole = "", fraction = "", power = "0"] = text.length <= MAX_LENGTH && DECIMAL.exec(text) || [];
	if (sign === void 0 || Math.abs(Number(power)) > MAX_LENGTH) return void 0;
	const digits = BigInt(whole + fraction);
	return {
		digits: sign === "-" ? -digits : digits,
		exponent: Number(power) - fraction.length
	};
}
/** The exact value of `decimal × numerator / denominator`, rounded half away from zero. The denominator is above 0. */
function roundedProduct(decimal, numerator, denominator = 1n) {
	const exponent = decimal.exponent + numerator.exponent;
	const above = decimal.digits * numerator.digits * 10n ** BigInt(Math.max(exponent, 0));
	const below = denominator * 10n ** BigInt(Math.max(-exponent, 0));
	const magnitude = ((above < 0n ? -above : above) * 2n + below) / (below * 2n);
	return above < 0n ? -magnitude : magnitude;
}
/** The integer a decimal stands for, or undefined where it has a fraction. */
function integerOf({ digits, exponent }) {
	if (exponent >= 0) return digits * 10n ** BigInt(exponent);
	const unit = 10n ** BigInt(-exponent);
	return digits % unit === 0n ? digits / unit : void 0;
}
// src/files.ts
/** The most a file may hold that is read whole, in UTF-16 units: what V8 keeps of such a JSON file is a few times as much. */
const MAX_TEXT_LENGTH$1 = 67108864;
const REASONS = {
	ENOENT: "there is no such file",
	EISDIR: "it is a directory",
	EACCES: "permission denied"
};
/**
* The text of a UTF-8 file without a byte order mark. Throws {@link FormError} where the file cannot be read, is not UTF-8
* or is longer than 64 Mi characters; the message leaves out the path.
*/
async function readText(files, path) {
	const pieces = [];
	let length = 0;
	for await (const piece of readTextPieces(files, path)) {
		length += piece.length;
		if (length > MAX_TEXT_LENGTH$1) throw new FormError(`is too long: at most ${MAX_TEXT_LENGTH$1 / 1024 / 1024} Mi characters of it can be read`);
		pieces.push(piece);
	}
	return pieces.join("");
}
/** The same as {@link readText}, piece by piece and of any length. */
async function* readTextPieces(files, path) {
	const decoder = new TextDecoder("utf-8", { fatal: true });
	let offset = 0;
	let before = /* @__PURE__ */ new Uint8Array();
	try {
		for await (const bytes of files.read(path)) {
			yield decode(bytes);
			offset += bytes.length;
			before = bytes.slice(-3);
		}
		yield decode();
	} catch (error) {
		if (error instanceof FormError) throw error;
		throw new FormError(`cannot be read: ${REASONS[codeOf(error)] ?? headlineOf$1(error)}`, { cause: error });
	}
	function decode(bytes) {
		try {
			return decoder.decode(bytes, { stream: bytes !== void 0 });
		} catch (error) {
			throw new FormError(`is not UTF-8: ${bytes === void 0 ? "it ends within a character" : `byte ${offset + brokenAt(before, bytes)}`}`, { cause: error });
		}
	}
}
/** The first byte that no UTF-8 could have there, counted from the start of `bytes`; `before` is what came before them. */
function brokenAt(before, bytes) {
	const joined = new Uint8Array([...before, ...bytes]);
	const start = joined.findIndex((byte) => (byte & 192) !== 128);
	let good = start;
	let bad = joined.length;
	while (bad - good > 1) {
		const middle = good + bad >>> 1;
		if (isUtf8Start(joined.subarray(start, middle))) good = middle;
		else bad = middle;
	}
	return good - before.length;
}
function isUtf8Start(bytes) {
	try {
		new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
		return true;
	} catch {
		return false;
	}
}
// src/results/format.ts
/** A failure as one line; `cart > adds two: expected 3, got 4`. */
function lineOf({ name, message }) {
	return message ? `${name}: ${message}` : name;
}
const MAX_NAME_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 300;
const MAX_SEARCHED_LENGTH = 8192;
/** A failure with its texts made fit to show: the name, and the line that says most. */
function failureOf(name, explanation = { message: "" }) {
	return {
		name: cut$1(linesOf(name).join(" "), MAX_NAME_LENGTH) || "a case without a name",
		message: cut$1(headlineOf(explanation), MAX_MESSAGE_LENGTH)
	};
}
/**
* The first line of the message, or of the body where the message is empty or as good as that. Where the body begins with
* the same line after the name of the exception, that: `/ by zero` alone says little.
*/
function headlineOf({ message, body = "", type = "" }) {
	const [first = ""] = linesOf(message);
	const [line = ""] = linesOf(body).filter((text) => !/^(?:===|---) /.test(text));
	const isEmpty = first === "" || first.toLowerCase() === "failed";
	const isNamed = line.endsWith(first) && /^[\w.$]+: $/.test(line.slice(0, line.length - first.length));
	return (isEmpty || isNamed ? line : first) || first || linesOf(type)[0] || "";
}
/** The lines of a text that are not blank, trimmed, without terminal escape codes and control characters. */
function linesOf(text) {
	return (0, node_util.stripVTControlCharacters)(text.slice(0, MAX_SEARCHED_LENGTH).replace(/(?:&(?:amp)?)?#(?:x1b|27);?(?=\[)/gi, "\x1B")).toWellFormed().split(/[\n\r\u2028\u2029]+/).map((line) => line.replace(/\p{Cc}+/gu, " ").trim()).filter((line) => line !== "");
}
/** `cart > adds two`: the case within its suites, from the outside in. Some tools repeat the outermost in the name of the case. */
function nameWithin(suites, name) {
	const [outermost, ...inner] = suites.filter((suite) => suite !== "");
	return outermost === void 0 || name.startsWith(outermost) && !/^\w/.test(name.slice(outermost.length)) ? name : [
		outermost,
		...inner,
		name
	].join(" > ");
}
function cut$1(text, length) {
	return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
/** The sum of the numbers that are known; undefined where none is. */
function sumOf(values) {
	const known = values.filter((value) => value !== void 0);
	return known.length === 0 ? void 0 : known.reduce((sum, value) => sum + value, 0);
}
function objectAt(place, value) {
	return isJsonObject(value) ? value : mismatch(place, "an object", value);
}
function arrayAt(place, value) {
	return Array.isArray(value) ? value : mismatch(place, "an array", value);
}
function booleanAt(place, value) {
	return typeof value === "boolean" ? value : mismatch(place, "true or false", value);
}
/** What `table` makes of the word at `place`. */
function oneAt(place, value, table) {
	return (typeof value === "string" && Object.hasOwn(table, value) ? table[value] : void 0) ?? mismatch(place, `one of ${Object.keys(table).join(", ")}`, value);
}
function textOf$1(value) {
	return typeof value === "string" ? value : "";
}
function numberOf(value) {
	return typeof value === "number" ? value : void 0;
}
function mismatch(place, expected, value) {
	throw new FormError(`does not have the expected form: ${place}: expected ${expected}, found ${value === void 0 ? "nothing" : typeof value === "string" ? JSON.stringify(cut$1(value, 40)) : kindOf(value)}`);
}
// src/results/ctrf.ts
const OUTCOMES$1 = {
	passed: "passed",
	failed: "failed",
	skipped: "skipped",
	pending: "skipped",
	other: "errored"
};
const NOT_RUN = [
	"todo",
	"skip",
	"skipped",
	"pending",
	"disabled",
	"ignored"
];
/** Common Test Report Format, https://ctrf.io: `results.tests[]`, durations in milliseconds. */
const ctrf = {
	name: "ctrf",
	async recognises(source) {
		if (source.start !== "{") return false;
		const document = await source.readJson();
		return isJsonObject(document) && isJsonObject(document.results) && Array.isArray(document.results.tests);
	},
	async parse(source, found) {
		const { results } = objectAt("the document", await source.readJson());
		return sumOf(arrayAt("results.tests", objectAt("results", results).tests).map((value, index) => {
			const test = objectAt(`results.tests[${index}]`, value);
			const suites = Array.isArray(test.suite) ? test.suite.map(textOf$1) : [textOf$1(test.suite)];
			found({
				outcome: test.status === "other" && NOT_RUN.includes(textOf$1(test.rawStatus).toLowerCase()) ? "skipped" : oneAt(`results.tests[${index}].status`, test.status, OUTCOMES$1),
				describe: () => failureOf(nameWithin(suites, textOf$1(test.name)), {
					message: textOf$1(test.message),
					body: textOf$1(test.trace)
				})
			});
			return numberOf(test.duration);
		}));
	}
};
// src/results/jest.ts
const OUTCOMES = {
	passed: "passed",
	failed: "failed",
	pending: "skipped",
	skipped: "skipped",
	todo: "skipped",
	disabled: "skipped"
};
/** What `jest --json` and Vitest's `json` reporter write: `testResults[].assertionResults[]`, durations in milliseconds. */
const jest = {
	name: "jest",
	async recognises(source) {
		if (source.start !== "{") return false;
		const document = await source.readJson();
		return isJsonObject(document) && Array.isArray(document.testResults);
	},
	async parse(source, found) {
		const { testResults } = objectAt("the document", await source.readJson());
		const suites = arrayAt("testResults", testResults).map((suite, i) => objectAt(`testResults[${i}]`, suite));
		const folder = commonFolderOf(suites.map(({ name }) => textOf$1(name)));
		return sumOf(suites.map((suite, i) => {
			const place = `testResults[${i}].assertionResults`;
			const tests = arrayAt(place, suite.assertionResults).map((test, j) => objectAt(`${place}[${j}]`, test));
			const outcomes = tests.map((test, j) => oneAt(`${place}[${j}].status`, test.status, OUTCOMES));
			tests.forEach((test, j) => {
				found({
					outcome: outcomes[j] ?? "errored",
					describe: () => failureOf(nameOf(test), { message: firstText(test.failureMessages) })
				});
			});
			if (suite.status === "failed" && !outcomes.includes("failed")) {
				const name = textOf$1(suite.name).slice(folder.length);
				found({
					outcome: "errored",
					describe: () => failureOf(name, { message: textOf$1(suite.message) })
				});
			}
			return sumOf(tests.map(({ duration }) => numberOf(duration)));
		}));
	}
};
function nameOf({ ancestorTitles, title, fullName }) {
	if (typeof title !== "string") return textOf$1(fullName);
	return nameWithin(Array.isArray(ancestorTitles) ? ancestorTitles.map(textOf$1) : [], title);
}
function firstText(messages) {
	return Array.isArray(messages) ? textOf$1(messages.find((message) => textOf$1(message) !== "")) : "";
}
/** The files are named by their absolute paths; what all have in common says nothing. */
function commonFolderOf(paths) {
	const [first = [], ...others] = paths.map((path) => path.split(/(?<=[\\/])/).slice(0, -1));
	const fork = first.findIndex((part, i) => others.some((other) => other[i] !== part));
	return (fork === -1 ? first : first.slice(0, fork)).join("");
}
// node_modules/xmlchars/xml/1.0/ed5.js
var require_ed5 = /* @__PURE__ */ __commonJSMin(((exports) => {
	/**
	* Character classes and associated utilities for the 5th edition of XML 1.0.
	*
	* @author Louis-Dominique Dubeau
	* @license MIT
	* @copyright Louis-Dominique Dubeau
	*/
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.CHAR = "	\n\r -퟿-�𐀀-􏿿";
	exports.S = " 	\r\n";
	exports.NAME_START_CHAR = ":A-Z_a-zÀ-ÖØ-öø-˿Ͱ-ͽͿ-῿‌‍⁰-↏Ⰰ-⿯、-퟿豈-﷏ﷰ-�𐀀-󯿿";
	exports.NAME_CHAR = "-" + exports.NAME_START_CHAR + ".0-9·̀-ͯ‿-⁀";
	exports.CHAR_RE = new RegExp("^[" + exports.CHAR + "]$", "u");
	exports.S_RE = new RegExp("^[" + exports.S + "]+$", "u");
	exports.NAME_START_CHAR_RE = new RegExp("^[" + exports.NAME_START_CHAR + "]$", "u");
	exports.NAME_CHAR_RE = new RegExp("^[" + exports.NAME_CHAR + "]$", "u");
	exports.NAME_RE = new RegExp("^[" + exports.NAME_START_CHAR + "][" + exports.NAME_CHAR + "]*$", "u");
	exports.NMTOKEN_RE = new RegExp("^[" + exports.NAME_CHAR + "]+$", "u");
	var TAB = 9;
	var NL = 10;
	var CR = 13;
	var SPACE = 32;
	/** All characters in the ``S`` production. */
	exports.S_LIST = [
		SPACE,
		NL,
		CR,
		TAB
	];
	/**
	* Determines whether a codepoint matches the ``CHAR`` production.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``CHAR``.
	*/
	function isChar(c) {
		return c >= SPACE && c <= 55295 || c === NL || c === CR || c === TAB || c >= 57344 && c <= 65533 || c >= 65536 && c <= 1114111;
	}
	exports.isChar = isChar;
	/**
	* Determines whether a codepoint matches the ``S`` (space) production.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``S``.
	*/
	function isS(c) {
		return c === SPACE || c === NL || c === CR || c === TAB;
	}
	exports.isS = isS;
	/**
	* Determines whether a codepoint matches the ``NAME_START_CHAR`` production.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``NAME_START_CHAR``.
	*/
	function isNameStartChar(c) {
		return c >= 65 && c <= 90 || c >= 97 && c <= 122 || c === 58 || c === 95 || c === 8204 || c === 8205 || c >= 192 && c <= 214 || c >= 216 && c <= 246 || c >= 248 && c <= 767 || c >= 880 && c <= 893 || c >= 895 && c <= 8191 || c >= 8304 && c <= 8591 || c >= 11264 && c <= 12271 || c >= 12289 && c <= 55295 || c >= 63744 && c <= 64975 || c >= 65008 && c <= 65533 || c >= 65536 && c <= 983039;
	}
	exports.isNameStartChar = isNameStartChar;
	/**
	* Determines whether a codepoint matches the ``NAME_CHAR`` production.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``NAME_CHAR``.
	*/
	function isNameChar(c) {
		return isNameStartChar(c) || c >= 48 && c <= 57 || c === 45 || c === 46 || c === 183 || c >= 768 && c <= 879 || c >= 8255 && c <= 8256;
	}
	exports.isNameChar = isNameChar;
}));
// node_modules/xmlchars/xml/1.1/ed2.js
var require_ed2 = /* @__PURE__ */ __commonJSMin(((exports) => {
	/**
	* Character classes and associated utilities for the 2nd edition of XML 1.1.
	*
	* @author Louis-Dominique Dubeau
	* @license MIT
	* @copyright Louis-Dominique Dubeau
	*/
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.CHAR = "-퟿-�𐀀-􏿿";
	exports.RESTRICTED_CHAR = "-\b\v\f---";
	exports.S = " 	\r\n";
	exports.NAME_START_CHAR = ":A-Z_a-zÀ-ÖØ-öø-˿Ͱ-ͽͿ-῿‌‍⁰-↏Ⰰ-⿯、-퟿豈-﷏ﷰ-�𐀀-󯿿";
	exports.NAME_CHAR = "-" + exports.NAME_START_CHAR + ".0-9·̀-ͯ‿-⁀";
	exports.CHAR_RE = new RegExp("^[" + exports.CHAR + "]$", "u");
	exports.RESTRICTED_CHAR_RE = new RegExp("^[" + exports.RESTRICTED_CHAR + "]$", "u");
	exports.S_RE = new RegExp("^[" + exports.S + "]+$", "u");
	exports.NAME_START_CHAR_RE = new RegExp("^[" + exports.NAME_START_CHAR + "]$", "u");
	exports.NAME_CHAR_RE = new RegExp("^[" + exports.NAME_CHAR + "]$", "u");
	exports.NAME_RE = new RegExp("^[" + exports.NAME_START_CHAR + "][" + exports.NAME_CHAR + "]*$", "u");
	exports.NMTOKEN_RE = new RegExp("^[" + exports.NAME_CHAR + "]+$", "u");
	var TAB = 9;
	var NL = 10;
	var CR = 13;
	var SPACE = 32;
	/** All characters in the ``S`` production. */
	exports.S_LIST = [
		SPACE,
		NL,
		CR,
		TAB
	];
	/**
	* Determines whether a codepoint matches the ``CHAR`` production.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``CHAR``.
	*/
	function isChar(c) {
		return c >= 1 && c <= 55295 || c >= 57344 && c <= 65533 || c >= 65536 && c <= 1114111;
	}
	exports.isChar = isChar;
	/**
	* Determines whether a codepoint matches the ``RESTRICTED_CHAR`` production.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``RESTRICTED_CHAR``.
	*/
	function isRestrictedChar(c) {
		return c >= 1 && c <= 8 || c === 11 || c === 12 || c >= 14 && c <= 31 || c >= 127 && c <= 132 || c >= 134 && c <= 159;
	}
	exports.isRestrictedChar = isRestrictedChar;
	/**
	* Determines whether a codepoint matches the ``CHAR`` production and does not
	* match the ``RESTRICTED_CHAR`` production. ``isCharAndNotRestricted(x)`` is
	* equivalent to ``isChar(x) && !isRestrictedChar(x)``. This function is faster
	* than running the two-call equivalent.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``CHAR`` and does not match
	* ``RESTRICTED_CHAR``.
	*/
	function isCharAndNotRestricted(c) {
		return c === 9 || c === 10 || c === 13 || c > 31 && c < 127 || c === 133 || c > 159 && c <= 55295 || c >= 57344 && c <= 65533 || c >= 65536 && c <= 1114111;
	}
	exports.isCharAndNotRestricted = isCharAndNotRestricted;
	/**
	* Determines whether a codepoint matches the ``S`` (space) production.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``S``.
	*/
	function isS(c) {
		return c === SPACE || c === NL || c === CR || c === TAB;
	}
	exports.isS = isS;
	/**
	* Determines whether a codepoint matches the ``NAME_START_CHAR`` production.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``NAME_START_CHAR``.
	*/
	function isNameStartChar(c) {
		return c >= 65 && c <= 90 || c >= 97 && c <= 122 || c === 58 || c === 95 || c === 8204 || c === 8205 || c >= 192 && c <= 214 || c >= 216 && c <= 246 || c >= 248 && c <= 767 || c >= 880 && c <= 893 || c >= 895 && c <= 8191 || c >= 8304 && c <= 8591 || c >= 11264 && c <= 12271 || c >= 12289 && c <= 55295 || c >= 63744 && c <= 64975 || c >= 65008 && c <= 65533 || c >= 65536 && c <= 983039;
	}
	exports.isNameStartChar = isNameStartChar;
	/**
	* Determines whether a codepoint matches the ``NAME_CHAR`` production.
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches ``NAME_CHAR``.
	*/
	function isNameChar(c) {
		return isNameStartChar(c) || c >= 48 && c <= 57 || c === 45 || c === 46 || c === 183 || c >= 768 && c <= 879 || c >= 8255 && c <= 8256;
	}
	exports.isNameChar = isNameChar;
}));
// node_modules/xmlchars/xmlns/1.0/ed3.js
var require_ed3 = /* @__PURE__ */ __commonJSMin(((exports) => {
	/**
	* Character class utilities for XML NS 1.0 edition 3.
	*
	* @author Louis-Dominique Dubeau
	* @license MIT
	* @copyright Louis-Dominique Dubeau
	*/
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.NC_NAME_START_CHAR = "A-Z_a-zÀ-ÖØ-öø-˿Ͱ-ͽͿ-῿‌-‍⁰-↏Ⰰ-⿯、-퟿豈-﷏ﷰ-�𐀀-󯿿";
	exports.NC_NAME_CHAR = "-" + exports.NC_NAME_START_CHAR + ".0-9·̀-ͯ‿-⁀";
	exports.NC_NAME_START_CHAR_RE = new RegExp("^[" + exports.NC_NAME_START_CHAR + "]$", "u");
	exports.NC_NAME_CHAR_RE = new RegExp("^[" + exports.NC_NAME_CHAR + "]$", "u");
	exports.NC_NAME_RE = new RegExp("^[" + exports.NC_NAME_START_CHAR + "][" + exports.NC_NAME_CHAR + "]*$", "u");
	/**
	* Determines whether a codepoint matches [[NC_NAME_START_CHAR]].
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches.
	*/
	function isNCNameStartChar(c) {
		return c >= 65 && c <= 90 || c === 95 || c >= 97 && c <= 122 || c >= 192 && c <= 214 || c >= 216 && c <= 246 || c >= 248 && c <= 767 || c >= 880 && c <= 893 || c >= 895 && c <= 8191 || c >= 8204 && c <= 8205 || c >= 8304 && c <= 8591 || c >= 11264 && c <= 12271 || c >= 12289 && c <= 55295 || c >= 63744 && c <= 64975 || c >= 65008 && c <= 65533 || c >= 65536 && c <= 983039;
	}
	exports.isNCNameStartChar = isNCNameStartChar;
	/**
	* Determines whether a codepoint matches [[NC_NAME_CHAR]].
	*
	* @param c The code point.
	*
	* @returns ``true`` if the codepoint matches.
	*/
	function isNCNameChar(c) {
		return isNCNameStartChar(c) || c === 45 || c === 46 || c >= 48 && c <= 57 || c === 183 || c >= 768 && c <= 879 || c >= 8255 && c <= 8256;
	}
	exports.isNCNameChar = isNCNameChar;
}));
// node_modules/saxes/saxes.js
var require_saxes = /* @__PURE__ */ __commonJSMin(((exports) => {
	Object.defineProperty(exports, "__esModule", { value: true });
	exports.SaxesParser = exports.EVENTS = void 0;
	const ed5 = require_ed5();
	const ed2 = require_ed2();
	const NSed3 = require_ed3();
	var isS = ed5.isS;
	var isChar10 = ed5.isChar;
	var isNameStartChar = ed5.isNameStartChar;
	var isNameChar = ed5.isNameChar;
	var S_LIST = ed5.S_LIST;
	var NAME_RE = ed5.NAME_RE;
	var isChar11 = ed2.isChar;
	var isNCNameStartChar = NSed3.isNCNameStartChar;
	var isNCNameChar = NSed3.isNCNameChar;
	var NC_NAME_RE = NSed3.NC_NAME_RE;
	const XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace";
	const XMLNS_NAMESPACE = "http://www.w3.org/2000/xmlns/";
	const rootNS = {
		__proto__: null,
		xml: XML_NAMESPACE,
		xmlns: XMLNS_NAMESPACE
	};
	const XML_ENTITIES = {
		__proto__: null,
		amp: "&",
		gt: ">",
		lt: "<",
		quot: "\"",
		apos: "'"
	};
	const EOC = -1;
	const NL_LIKE = -2;
	const S_BEGIN = 0;
	const S_BEGIN_WHITESPACE = 1;
	const S_DOCTYPE = 2;
	const S_DOCTYPE_QUOTE = 3;
	const S_DTD = 4;
	const S_DTD_QUOTED = 5;
	const S_DTD_OPEN_WAKA = 6;
	const S_DTD_OPEN_WAKA_BANG = 7;
	const S_DTD_COMMENT = 8;
	const S_DTD_COMMENT_ENDING = 9;
	const S_DTD_COMMENT_ENDED = 10;
	const S_DTD_PI = 11;
	const S_DTD_PI_ENDING = 12;
	const S_TEXT = 13;
	const S_ENTITY = 14;
	const S_OPEN_WAKA = 15;
	const S_OPEN_WAKA_BANG = 16;
	const S_COMMENT = 17;
	const S_COMMENT_ENDING = 18;
	const S_COMMENT_ENDED = 19;
	const S_CDATA = 20;
	const S_CDATA_ENDING = 21;
	const S_CDATA_ENDING_2 = 22;
	const S_PI_FIRST_CHAR = 23;
	const S_PI_REST = 24;
	const S_PI_BODY = 25;
	const S_PI_ENDING = 26;
	const S_XML_DECL_NAME_START = 27;
	const S_XML_DECL_NAME = 28;
	const S_XML_DECL_EQ = 29;
	const S_XML_DECL_VALUE_START = 30;
	const S_XML_DECL_VALUE = 31;
	const S_XML_DECL_SEPARATOR = 32;
	const S_XML_DECL_ENDING = 33;
	const S_OPEN_TAG = 34;
	const S_OPEN_TAG_SLASH = 35;
	const S_ATTRIB = 36;
	const S_ATTRIB_NAME = 37;
	const S_ATTRIB_NAME_SAW_WHITE = 38;
	const S_ATTRIB_VALUE = 39;
	const S_ATTRIB_VALUE_QUOTED = 40;
	const S_ATTRIB_VALUE_CLOSED = 41;
	const S_ATTRIB_VALUE_UNQUOTED = 42;
	const S_CLOSE_TAG = 43;
	const S_CLOSE_TAG_SAW_WHITE = 44;
	const TAB = 9;
	const NL = 10;
	const CR = 13;
	const SPACE = 32;
	const BANG = 33;
	const DQUOTE = 34;
	const AMP = 38;
	const SQUOTE = 39;
	const MINUS = 45;
	const FORWARD_SLASH = 47;
	const SEMICOLON = 59;
	const LESS = 60;
	const EQUAL = 61;
	const GREATER = 62;
	const QUESTION = 63;
	const OPEN_BRACKET = 91;
	const CLOSE_BRACKET = 93;
	const NEL = 133;
	const LS = 8232;
	const isQuote = (c) => c === DQUOTE || c === SQUOTE;
	const QUOTES = [DQUOTE, SQUOTE];
	const DOCTYPE_TERMINATOR = [
		...QUOTES,
		OPEN_BRACKET,
		GREATER
	];
	const DTD_TERMINATOR = [
		...QUOTES,
		LESS,
		CLOSE_BRACKET
	];
	const XML_DECL_NAME_TERMINATOR = [
		EQUAL,
		QUESTION,
		...S_LIST
	];
	const ATTRIB_VALUE_UNQUOTED_TERMINATOR = [
		...S_LIST,
		GREATER,
		AMP,
		LESS
	];
	function nsPairCheck(parser, prefix, uri) {
		switch (prefix) {
			case "xml":
				if (uri !== XML_NAMESPACE) parser.fail(`xml prefix must be bound to ${XML_NAMESPACE}.`);
				break;
			case "xmlns": if (uri !== XMLNS_NAMESPACE) parser.fail(`xmlns prefix must be bound to ${XMLNS_NAMESPACE}.`);
		}
		switch (uri) {
			case XMLNS_NAMESPACE:
				parser.fail(prefix === "" ? `the default namespace may not be set to ${uri}.` : `may not assign a prefix (even "xmlns") to the URI \
${XMLNS_NAMESPACE}.`);
				break;
			case XML_NAMESPACE: switch (prefix) {
				case "xml": break;
				case "":
					parser.fail(`the default namespace may not be set to ${uri}.`);
					break;
				default: parser.fail("may not assign the xml namespace to another prefix.");
			}
		}
	}
	function nsMappingCheck(parser, mapping) {
		for (const local of Object.keys(mapping)) nsPairCheck(parser, local, mapping[local]);
	}
	const isNCName = (name) => NC_NAME_RE.test(name);
	const isName = (name) => NAME_RE.test(name);
	const FORBIDDEN_START = 0;
	const FORBIDDEN_BRACKET = 1;
	const FORBIDDEN_BRACKET_BRACKET = 2;
	/**
	* The list of supported events.
	*/
	exports.EVENTS = [
		"xmldecl",
		"text",
		"processinginstruction",
		"doctype",
		"comment",
		"opentagstart",
		"attribute",
		"opentag",
		"closetag",
		"cdata",
		"error",
		"end",
		"ready"
	];
	const EVENT_NAME_TO_HANDLER_NAME = {
		xmldecl: "xmldeclHandler",
		text: "textHandler",
		processinginstruction: "piHandler",
		doctype: "doctypeHandler",
		comment: "commentHandler",
		opentagstart: "openTagStartHandler",
		attribute: "attributeHandler",
		opentag: "openTagHandler",
		closetag: "closeTagHandler",
		cdata: "cdataHandler",
		error: "errorHandler",
		end: "endHandler",
		ready: "readyHandler"
	};
	var SaxesParser = class {
		/**
		* @param opt The parser options.
		*/
		constructor(opt) {
			this.opt = opt !== null && opt !== void 0 ? opt : {};
			this.fragmentOpt = !!this.opt.fragment;
			const xmlnsOpt = this.xmlnsOpt = !!this.opt.xmlns;
			this.trackPosition = this.opt.position !== false;
			this.fileName = this.opt.fileName;
			if (xmlnsOpt) {
				this.nameStartCheck = isNCNameStartChar;
				this.nameCheck = isNCNameChar;
				this.isName = isNCName;
				this.processAttribs = this.processAttribsNS;
				this.pushAttrib = this.pushAttribNS;
				this.ns = Object.assign({ __proto__: null }, rootNS);
				const additional = this.opt.additionalNamespaces;
				if (additional != null) {
					nsMappingCheck(this, additional);
					Object.assign(this.ns, additional);
				}
			} else {
				this.nameStartCheck = isNameStartChar;
				this.nameCheck = isNameChar;
				this.isName = isName;
				this.processAttribs = this.processAttribsPlain;
				this.pushAttrib = this.pushAttribPlain;
			}
			this.stateTable = [
				this.sBegin,
				this.sBeginWhitespace,
				this.sDoctype,
				this.sDoctypeQuote,
				this.sDTD,
				this.sDTDQuoted,
				this.sDTDOpenWaka,
				this.sDTDOpenWakaBang,
				this.sDTDComment,
				this.sDTDCommentEnding,
				this.sDTDCommentEnded,
				this.sDTDPI,
				this.sDTDPIEnding,
				this.sText,
				this.sEntity,
				this.sOpenWaka,
				this.sOpenWakaBang,
				this.sComment,
				this.sCommentEnding,
				this.sCommentEnded,
				this.sCData,
				this.sCDataEnding,
				this.sCDataEnding2,
				this.sPIFirstChar,
				this.sPIRest,
				this.sPIBody,
				this.sPIEnding,
				this.sXMLDeclNameStart,
				this.sXMLDeclName,
				this.sXMLDeclEq,
				this.sXMLDeclValueStart,
				this.sXMLDeclValue,
				this.sXMLDeclSeparator,
				this.sXMLDeclEnding,
				this.sOpenTag,
				this.sOpenTagSlash,
				this.sAttrib,
				this.sAttribName,
				this.sAttribNameSawWhite,
				this.sAttribValue,
				this.sAttribValueQuoted,
				this.sAttribValueClosed,
				this.sAttribValueUnquoted,
				this.sCloseTag,
				this.sCloseTagSawWhite
			];
			this._init();
		}
		/**
		* Indicates whether or not the parser is closed. If ``true``, wait for
		* the ``ready`` event to write again.
		*/
		get closed() {
			return this._closed;
		}
		_init() {
			var _a;
			this.openWakaBang = "";
			this.text = "";
			this.name = "";
			this.piTarget = "";
			this.entity = "";
			this.q = null;
			this.tags = [];
			this.tag = null;
			this.topNS = null;
			this.chunk = "";
			this.chunkPosition = 0;
			this.i = 0;
			this.prevI = 0;
			this.carriedFromPrevious = void 0;
			this.forbiddenState = FORBIDDEN_START;
			this.attribList = [];
			const { fragmentOpt } = this;
			this.state = fragmentOpt ? S_TEXT : S_BEGIN;
			this.reportedTextBeforeRoot = this.reportedTextAfterRoot = this.closedRoot = this.sawRoot = fragmentOpt;
			this.xmlDeclPossible = !fragmentOpt;
			this.xmlDeclExpects = ["version"];
			this.entityReturnState = void 0;
			let { defaultXMLVersion } = this.opt;
			if (defaultXMLVersion === void 0) {
				if (this.opt.forceXMLVersion === true) throw new Error("forceXMLVersion set but defaultXMLVersion is not set");
				defaultXMLVersion = "1.0";
			}
			this.setXMLVersion(defaultXMLVersion);
			this.positionAtNewLine = 0;
			this.doctype = false;
			this._closed = false;
			this.xmlDecl = {
				version: void 0,
				encoding: void 0,
				standalone: void 0
			};
			this.line = 1;
			this.column = 0;
			this.ENTITIES = Object.create(XML_ENTITIES);
			(_a = this.readyHandler) === null || _a === void 0 || _a.call(this);
		}
		/**
		* The stream position the parser is currently looking at. This field is
		* zero-based.
		*
		* This field is not based on counting Unicode characters but is to be
		* interpreted as a plain index into a JavaScript string.
		*/
		get position() {
			return this.chunkPosition + this.i;
		}
		/**
		* The column number of the next character to be read by the parser.  *
		* This field is zero-based. (The first column in a line is 0.)
		*
		* This field reports the index at which the next character would be in the
		* line if the line were represented as a JavaScript string.  Note that this
		* *can* be different to a count based on the number of *Unicode characters*
		* due to how JavaScript handles astral plane characters.
		*
		* See [[column]] for a number that corresponds to a count of Unicode
		* characters.
		*/
		get columnIndex() {
			return this.position - this.positionAtNewLine;
		}
		/**
		* Set an event listener on an event. The parser supports one handler per
		* event type. If you try to set an event handler over an existing handler,
		* the old handler is silently overwritten.
		*
		* @param name The event to listen to.
		*
		* @param handler The handler to set.
		*/
		on(name, handler) {
			this[EVENT_NAME_TO_HANDLER_NAME[name]] = handler;
		}
		/**
		* Unset an event handler.
		*
		* @parma name The event to stop listening to.
		*/
		off(name) {
			this[EVENT_NAME_TO_HANDLER_NAME[name]] = void 0;
		}
		/**
		* Make an error object. The error object will have a message that contains
		* the ``fileName`` option passed at the creation of the parser. If position
		* tracking was turned on, it will also have line and column number
		* information.
		*
		* @param message The message describing the error to report.
		*
		* @returns An error object with a properly formatted message.
		*/
		makeError(message) {
			var _a;
			let msg = (_a = this.fileName) !== null && _a !== void 0 ? _a : "";
			if (this.trackPosition) {
				if (msg.length > 0) msg += ":";
				msg += `${this.line}:${this.column}`;
			}
			if (msg.length > 0) msg += ": ";
			return new Error(msg + message);
		}
		/**
		* Report a parsing error. This method is made public so that client code may
		* check for issues that are outside the scope of this project and can report
		* errors.
		*
		* @param message The error to report.
		*
		* @returns this
		*/
		fail(message) {
			const err = this.makeError(message);
			const handler = this.errorHandler;
			if (handler === void 0) throw err;
			else handler(err);
			return this;
		}
		/**
		* Write a XML data to the parser.
		*
		* @param chunk The XML data to write.
		*
		* @returns this
		*/
		write(chunk) {
			if (this.closed) return this.fail("cannot write after close; assign an onready handler.");
			let end = false;
			if (chunk === null) {
				end = true;
				chunk = "";
			} else if (typeof chunk === "object") chunk = chunk.toString();
			if (this.carriedFromPrevious !== void 0) {
				chunk = `${this.carriedFromPrevious}${chunk}`;
				this.carriedFromPrevious = void 0;
			}
			let limit = chunk.length;
			const lastCode = chunk.charCodeAt(limit - 1);
			if (!end && (lastCode === CR || lastCode >= 55296 && lastCode <= 56319)) {
				this.carriedFromPrevious = chunk[limit - 1];
				limit--;
				chunk = chunk.slice(0, limit);
			}
			const { stateTable } = this;
			this.chunk = chunk;
			this.i = 0;
			while (this.i < limit) stateTable[this.state].call(this);
			this.chunkPosition += limit;
			return end ? this.end() : this;
		}
		/**
		* Close the current stream. Perform final well-formedness checks and reset
		* the parser tstate.
		*
		* @returns this
		*/
		close() {
			return this.write(null);
		}
		/**
		* Get a single code point out of the current chunk. This updates the current
		* position if we do position tracking.
		*
		* This is the algorithm to use for XML 1.0.
		*
		* @returns The character read.
		*/
		getCode10() {
			const { chunk, i } = this;
			this.prevI = i;
			this.i = i + 1;
			if (i >= chunk.length) return EOC;
			const code = chunk.charCodeAt(i);
			this.column++;
			if (code < 55296) {
				if (code >= SPACE || code === TAB) return code;
				switch (code) {
					case NL:
						this.line++;
						this.column = 0;
						this.positionAtNewLine = this.position;
						return NL;
					case CR:
						if (chunk.charCodeAt(i + 1) === NL) this.i = i + 2;
						this.line++;
						this.column = 0;
						this.positionAtNewLine = this.position;
						return NL_LIKE;
					default:
						this.fail("disallowed character.");
						return code;
				}
			}
			if (code > 56319) {
				if (!(code >= 57344 && code <= 65533)) this.fail("disallowed character.");
				return code;
			}
			const final = 65536 + (code - 55296) * 1024 + (chunk.charCodeAt(i + 1) - 56320);
			this.i = i + 2;
			if (final > 1114111) this.fail("disallowed character.");
			return final;
		}
		/**
		* Get a single code point out of the current chunk. This updates the current
		* position if we do position tracking.
		*
		* This is the algorithm to use for XML 1.1.
		*
		* @returns {number} The character read.
		*/
		getCode11() {
			const { chunk, i } = this;
			this.prevI = i;
			this.i = i + 1;
			if (i >= chunk.length) return EOC;
			const code = chunk.charCodeAt(i);
			this.column++;
			if (code < 55296) {
				if (code > 31 && code < 127 || code > 159 && code !== LS || code === TAB) return code;
				switch (code) {
					case NL:
						this.line++;
						this.column = 0;
						this.positionAtNewLine = this.position;
						return NL;
					case CR: {
						const next = chunk.charCodeAt(i + 1);
						if (next === NL || next === NEL) this.i = i + 2;
					}
					case NEL:
					case LS:
						this.line++;
						this.column = 0;
						this.positionAtNewLine = this.position;
						return NL_LIKE;
					default:
						this.fail("disallowed character.");
						return code;
				}
			}
			if (code > 56319) {
				if (!(code >= 57344 && code <= 65533)) this.fail("disallowed character.");
				return code;
			}
			const final = 65536 + (code - 55296) * 1024 + (chunk.charCodeAt(i + 1) - 56320);
			this.i = i + 2;
			if (final > 1114111) this.fail("disallowed character.");
			return final;
		}
		/**
		* Like ``getCode`` but with the return value normalized so that ``NL`` is
		* returned for ``NL_LIKE``.
		*/
		getCodeNorm() {
			const c = this.getCode();
			return c === NL_LIKE ? NL : c;
		}
		unget() {
			this.i = this.prevI;
			this.column--;
		}
		/**
		* Capture characters into a buffer until encountering one of a set of
		* characters.
		*
		* @param chars An array of codepoints. Encountering a character in the array
		* ends the capture. (``chars`` may safely contain ``NL``.)
		*
		* @return The character code that made the capture end, or ``EOC`` if we hit
		* the end of the chunk. The return value cannot be NL_LIKE: NL is returned
		* instead.
		*/
		captureTo(chars) {
			let { i: start } = this;
			const { chunk } = this;
			while (true) {
				const c = this.getCode();
				const isNLLike = c === NL_LIKE;
				const final = isNLLike ? NL : c;
				if (final === EOC || chars.includes(final)) {
					this.text += chunk.slice(start, this.prevI);
					return final;
				}
				if (isNLLike) {
					this.text += `${chunk.slice(start, this.prevI)}\n`;
					start = this.i;
				}
			}
		}
		/**
		* Capture characters into a buffer until encountering a character.
		*
		* @param char The codepoint that ends the capture. **NOTE ``char`` MAY NOT
		* CONTAIN ``NL``.** Passing ``NL`` will result in buggy behavior.
		*
		* @return ``true`` if we ran into the character. Otherwise, we ran into the
		* end of the current chunk.
		*/
		captureToChar(char) {
			let { i: start } = this;
			const { chunk } = this;
			while (true) {
				let c = this.getCode();
				switch (c) {
					case NL_LIKE:
						this.text += `${chunk.slice(start, this.prevI)}\n`;
						start = this.i;
						c = NL;
						break;
					case EOC:
						this.text += chunk.slice(start);
						return false;
				}
				if (c === char) {
					this.text += chunk.slice(start, this.prevI);
					return true;
				}
			}
		}
		/**
		* Capture characters that satisfy ``isNameChar`` into the ``name`` field of
		* this parser.
		*
		* @return The character code that made the test fail, or ``EOC`` if we hit
		* the end of the chunk. The return value cannot be NL_LIKE: NL is returned
		* instead.
		*/
		captureNameChars() {
			const { chunk, i: start } = this;
			while (true) {
				const c = this.getCode();
				if (c === EOC) {
					this.name += chunk.slice(start);
					return EOC;
				}
				if (!isNameChar(c)) {
					this.name += chunk.slice(start, this.prevI);
					return c === NL_LIKE ? NL : c;
				}
			}
		}
		/**
		* Skip white spaces.
		*
		* @return The character that ended the skip, or ``EOC`` if we hit
		* the end of the chunk. The return value cannot be NL_LIKE: NL is returned
		* instead.
		*/
		skipSpaces() {
			while (true) {
				const c = this.getCodeNorm();
				if (c === EOC || !isS(c)) return c;
			}
		}
		setXMLVersion(version) {
			this.currentXMLVersion = version;
			if (version === "1.0") {
				this.isChar = isChar10;
				this.getCode = this.getCode10;
			} else {
				this.isChar = isChar11;
				this.getCode = this.getCode11;
			}
		}
		sBegin() {
			if (this.chunk.charCodeAt(0) === 65279) {
				this.i++;
				this.column++;
			}
			this.state = S_BEGIN_WHITESPACE;
		}
		sBeginWhitespace() {
			const iBefore = this.i;
			const c = this.skipSpaces();
			if (this.prevI !== iBefore) this.xmlDeclPossible = false;
			switch (c) {
				case LESS:
					this.state = S_OPEN_WAKA;
					if (this.text.length !== 0) throw new Error("no-empty text at start");
					break;
				case EOC: break;
				default:
					this.unget();
					this.state = S_TEXT;
					this.xmlDeclPossible = false;
			}
		}
		sDoctype() {
			var _a;
			const c = this.captureTo(DOCTYPE_TERMINATOR);
			switch (c) {
				case GREATER:
					(_a = this.doctypeHandler) === null || _a === void 0 || _a.call(this, this.text);
					this.text = "";
					this.state = S_TEXT;
					this.doctype = true;
					break;
				case EOC: break;
				default:
					this.text += String.fromCodePoint(c);
					if (c === OPEN_BRACKET) this.state = S_DTD;
					else if (isQuote(c)) {
						this.state = S_DOCTYPE_QUOTE;
						this.q = c;
					}
			}
		}
		sDoctypeQuote() {
			const q = this.q;
			if (this.captureToChar(q)) {
				this.text += String.fromCodePoint(q);
				this.q = null;
				this.state = S_DOCTYPE;
			}
		}
		sDTD() {
			const c = this.captureTo(DTD_TERMINATOR);
			if (c === EOC) return;
			this.text += String.fromCodePoint(c);
			if (c === CLOSE_BRACKET) this.state = S_DOCTYPE;
			else if (c === LESS) this.state = S_DTD_OPEN_WAKA;
			else if (isQuote(c)) {
				this.state = S_DTD_QUOTED;
				this.q = c;
			}
		}
		sDTDQuoted() {
			const q = this.q;
			if (this.captureToChar(q)) {
				this.text += String.fromCodePoint(q);
				this.state = S_DTD;
				this.q = null;
			}
		}
		sDTDOpenWaka() {
			const c = this.getCodeNorm();
			this.text += String.fromCodePoint(c);
			switch (c) {
				case BANG:
					this.state = S_DTD_OPEN_WAKA_BANG;
					this.openWakaBang = "";
					break;
				case QUESTION:
					this.state = S_DTD_PI;
					break;
				default: this.state = S_DTD;
			}
		}
		sDTDOpenWakaBang() {
			const char = String.fromCodePoint(this.getCodeNorm());
			const owb = this.openWakaBang += char;
			this.text += char;
			if (owb !== "-") {
				this.state = owb === "--" ? S_DTD_COMMENT : S_DTD;
				this.openWakaBang = "";
			}
		}
		sDTDComment() {
			if (this.captureToChar(MINUS)) {
				this.text += "-";
				this.state = S_DTD_COMMENT_ENDING;
			}
		}
		sDTDCommentEnding() {
			const c = this.getCodeNorm();
			this.text += String.fromCodePoint(c);
			this.state = c === MINUS ? S_DTD_COMMENT_ENDED : S_DTD_COMMENT;
		}
		sDTDCommentEnded() {
			const c = this.getCodeNorm();
			this.text += String.fromCodePoint(c);
			if (c === GREATER) this.state = S_DTD;
			else {
				this.fail("malformed comment.");
				this.state = S_DTD_COMMENT;
			}
		}
		sDTDPI() {
			if (this.captureToChar(QUESTION)) {
				this.text += "?";
				this.state = S_DTD_PI_ENDING;
			}
		}
		sDTDPIEnding() {
			const c = this.getCodeNorm();
			this.text += String.fromCodePoint(c);
			if (c === GREATER) this.state = S_DTD;
		}
		sText() {
			if (this.tags.length !== 0) this.handleTextInRoot();
			else this.handleTextOutsideRoot();
		}
		sEntity() {
			let { i: start } = this;
			const { chunk } = this;
			loop: while (true) switch (this.getCode()) {
				case NL_LIKE:
					this.entity += `${chunk.slice(start, this.prevI)}\n`;
					start = this.i;
					break;
				case SEMICOLON: {
					const { entityReturnState } = this;
					const entity = this.entity + chunk.slice(start, this.prevI);
					this.state = entityReturnState;
					let parsed;
					if (entity === "") {
						this.fail("empty entity name.");
						parsed = "&;";
					} else {
						parsed = this.parseEntity(entity);
						this.entity = "";
					}
					if (entityReturnState !== S_TEXT || this.textHandler !== void 0) this.text += parsed;
					break loop;
				}
				case EOC:
					this.entity += chunk.slice(start);
					break loop;
			}
		}
		sOpenWaka() {
			const c = this.getCode();
			if (isNameStartChar(c)) {
				this.state = S_OPEN_TAG;
				this.unget();
				this.xmlDeclPossible = false;
			} else switch (c) {
				case FORWARD_SLASH:
					this.state = S_CLOSE_TAG;
					this.xmlDeclPossible = false;
					break;
				case BANG:
					this.state = S_OPEN_WAKA_BANG;
					this.openWakaBang = "";
					this.xmlDeclPossible = false;
					break;
				case QUESTION:
					this.state = S_PI_FIRST_CHAR;
					break;
				default:
					this.fail("disallowed character in tag name");
					this.state = S_TEXT;
					this.xmlDeclPossible = false;
			}
		}
		sOpenWakaBang() {
			this.openWakaBang += String.fromCodePoint(this.getCodeNorm());
			switch (this.openWakaBang) {
				case "[CDATA[":
					if (!this.sawRoot && !this.reportedTextBeforeRoot) {
						this.fail("text data outside of root node.");
						this.reportedTextBeforeRoot = true;
					}
					if (this.closedRoot && !this.reportedTextAfterRoot) {
						this.fail("text data outside of root node.");
						this.reportedTextAfterRoot = true;
					}
					this.state = S_CDATA;
					this.openWakaBang = "";
					break;
				case "--":
					this.state = S_COMMENT;
					this.openWakaBang = "";
					break;
				case "DOCTYPE":
					this.state = S_DOCTYPE;
					if (this.doctype || this.sawRoot) this.fail("inappropriately located doctype declaration.");
					this.openWakaBang = "";
					break;
				default: if (this.openWakaBang.length >= 7) this.fail("incorrect syntax.");
			}
		}
		sComment() {
			if (this.captureToChar(MINUS)) this.state = S_COMMENT_ENDING;
		}
		sCommentEnding() {
			var _a;
			const c = this.getCodeNorm();
			if (c === MINUS) {
				this.state = S_COMMENT_ENDED;
				(_a = this.commentHandler) === null || _a === void 0 || _a.call(this, this.text);
				this.text = "";
			} else {
				this.text += `-${String.fromCodePoint(c)}`;
				this.state = S_COMMENT;
			}
		}
		sCommentEnded() {
			const c = this.getCodeNorm();
			if (c !== GREATER) {
				this.fail("malformed comment.");
				this.text += `--${String.fromCodePoint(c)}`;
				this.state = S_COMMENT;
			} else this.state = S_TEXT;
		}
		sCData() {
			if (this.captureToChar(CLOSE_BRACKET)) this.state = S_CDATA_ENDING;
		}
		sCDataEnding() {
			const c = this.getCodeNorm();
			if (c === CLOSE_BRACKET) this.state = S_CDATA_ENDING_2;
			else {
				this.text += `]${String.fromCodePoint(c)}`;
				this.state = S_CDATA;
			}
		}
		sCDataEnding2() {
			var _a;
			const c = this.getCodeNorm();
			switch (c) {
				case GREATER:
					(_a = this.cdataHandler) === null || _a === void 0 || _a.call(this, this.text);
					this.text = "";
					this.state = S_TEXT;
					break;
				case CLOSE_BRACKET:
					this.text += "]";
					break;
				default:
					this.text += `]]${String.fromCodePoint(c)}`;
					this.state = S_CDATA;
			}
		}
		sPIFirstChar() {
			const c = this.getCodeNorm();
			if (this.nameStartCheck(c)) {
				this.piTarget += String.fromCodePoint(c);
				this.state = S_PI_REST;
			} else if (c === QUESTION || isS(c)) {
				this.fail("processing instruction without a target.");
				this.state = c === QUESTION ? S_PI_ENDING : S_PI_BODY;
			} else {
				this.fail("disallowed character in processing instruction name.");
				this.piTarget += String.fromCodePoint(c);
				this.state = S_PI_REST;
			}
		}
		sPIRest() {
			const { chunk, i: start } = this;
			while (true) {
				const c = this.getCodeNorm();
				if (c === EOC) {
					this.piTarget += chunk.slice(start);
					return;
				}
				if (!this.nameCheck(c)) {
					this.piTarget += chunk.slice(start, this.prevI);
					const isQuestion = c === QUESTION;
					if (isQuestion || isS(c)) {
						if (this.piTarget === "xml") {
							if (!this.xmlDeclPossible) this.fail("an XML declaration must be at the start of the document.");
							this.state = isQuestion ? S_XML_DECL_ENDING : S_XML_DECL_NAME_START;
						} else this.state = isQuestion ? S_PI_ENDING : S_PI_BODY;
					} else {
						this.fail("disallowed character in processing instruction name.");
						this.piTarget += String.fromCodePoint(c);
					}
					break;
				}
			}
		}
		sPIBody() {
			if (this.text.length === 0) {
				const c = this.getCodeNorm();
				if (c === QUESTION) this.state = S_PI_ENDING;
				else if (!isS(c)) this.text = String.fromCodePoint(c);
			} else if (this.captureToChar(QUESTION)) this.state = S_PI_ENDING;
		}
		sPIEnding() {
			var _a;
			const c = this.getCodeNorm();
			if (c === GREATER) {
				const { piTarget } = this;
				if (piTarget.toLowerCase() === "xml") this.fail("the XML declaration must appear at the start of the document.");
				(_a = this.piHandler) === null || _a === void 0 || _a.call(this, {
					target: piTarget,
					body: this.text
				});
				this.piTarget = this.text = "";
				this.state = S_TEXT;
			} else if (c === QUESTION) this.text += "?";
			else {
				this.text += `?${String.fromCodePoint(c)}`;
				this.state = S_PI_BODY;
			}
			this.xmlDeclPossible = false;
		}
		sXMLDeclNameStart() {
			const c = this.skipSpaces();
			if (c === QUESTION) {
				this.state = S_XML_DECL_ENDING;
				return;
			}
			if (c !== EOC) {
				this.state = S_XML_DECL_NAME;
				this.name = String.fromCodePoint(c);
			}
		}
		sXMLDeclName() {
			const c = this.captureTo(XML_DECL_NAME_TERMINATOR);
			if (c === QUESTION) {
				this.state = S_XML_DECL_ENDING;
				this.name += this.text;
				this.text = "";
				this.fail("XML declaration is incomplete.");
				return;
			}
			if (!(isS(c) || c === EQUAL)) return;
			this.name += this.text;
			this.text = "";
			if (!this.xmlDeclExpects.includes(this.name)) switch (this.name.length) {
				case 0:
					this.fail("did not expect any more name/value pairs.");
					break;
				case 1:
					this.fail(`expected the name ${this.xmlDeclExpects[0]}.`);
					break;
				default: this.fail(`expected one of ${this.xmlDeclExpects.join(", ")}`);
			}
			this.state = c === EQUAL ? S_XML_DECL_VALUE_START : S_XML_DECL_EQ;
		}
		sXMLDeclEq() {
			const c = this.getCodeNorm();
			if (c === QUESTION) {
				this.state = S_XML_DECL_ENDING;
				this.fail("XML declaration is incomplete.");
				return;
			}
			if (isS(c)) return;
			if (c !== EQUAL) this.fail("value required.");
			this.state = S_XML_DECL_VALUE_START;
		}
		sXMLDeclValueStart() {
			const c = this.getCodeNorm();
			if (c === QUESTION) {
				this.state = S_XML_DECL_ENDING;
				this.fail("XML declaration is incomplete.");
				return;
			}
			if (isS(c)) return;
			if (!isQuote(c)) {
				this.fail("value must be quoted.");
				this.q = SPACE;
			} else this.q = c;
			this.state = S_XML_DECL_VALUE;
		}
		sXMLDeclValue() {
			const c = this.captureTo([this.q, QUESTION]);
			if (c === QUESTION) {
				this.state = S_XML_DECL_ENDING;
				this.text = "";
				this.fail("XML declaration is incomplete.");
				return;
			}
			if (c === EOC) return;
			const value = this.text;
			this.text = "";
			switch (this.name) {
				case "version": {
					this.xmlDeclExpects = ["encoding", "standalone"];
					const version = value;
					this.xmlDecl.version = version;
					if (!/^1\.[0-9]+$/.test(version)) this.fail("version number must match /^1\\.[0-9]+$/.");
					else if (!this.opt.forceXMLVersion) this.setXMLVersion(version);
					break;
				}
				case "encoding":
					if (!/^[A-Za-z][A-Za-z0-9._-]*$/.test(value)) this.fail("encoding value must match /^[A-Za-z0-9][A-Za-z0-9._-]*$/.");
					this.xmlDeclExpects = ["standalone"];
					this.xmlDecl.encoding = value;
					break;
				case "standalone":
					if (value !== "yes" && value !== "no") this.fail("standalone value must match \"yes\" or \"no\".");
					this.xmlDeclExpects = [];
					this.xmlDecl.standalone = value;
			}
			this.name = "";
			this.state = S_XML_DECL_SEPARATOR;
		}
		sXMLDeclSeparator() {
			const c = this.getCodeNorm();
			if (c === QUESTION) {
				this.state = S_XML_DECL_ENDING;
				return;
			}
			if (!isS(c)) {
				this.fail("whitespace required.");
				this.unget();
			}
			this.state = S_XML_DECL_NAME_START;
		}
		sXMLDeclEnding() {
			var _a;
			if (this.getCodeNorm() === GREATER) {
				if (this.piTarget !== "xml") this.fail("processing instructions are not allowed before root.");
				else if (this.name !== "version" && this.xmlDeclExpects.includes("version")) this.fail("XML declaration must contain a version.");
				(_a = this.xmldeclHandler) === null || _a === void 0 || _a.call(this, this.xmlDecl);
				this.name = "";
				this.piTarget = this.text = "";
				this.state = S_TEXT;
			} else this.fail("The character ? is disallowed anywhere in XML declarations.");
			this.xmlDeclPossible = false;
		}
		sOpenTag() {
			var _a;
			const c = this.captureNameChars();
			if (c === EOC) return;
			const tag = this.tag = {
				name: this.name,
				attributes: Object.create(null)
			};
			this.name = "";
			if (this.xmlnsOpt) this.topNS = tag.ns = Object.create(null);
			(_a = this.openTagStartHandler) === null || _a === void 0 || _a.call(this, tag);
			this.sawRoot = true;
			if (!this.fragmentOpt && this.closedRoot) this.fail("documents may contain only one root.");
			switch (c) {
				case GREATER:
					this.openTag();
					break;
				case FORWARD_SLASH:
					this.state = S_OPEN_TAG_SLASH;
					break;
				default:
					if (!isS(c)) this.fail("disallowed character in tag name.");
					this.state = S_ATTRIB;
			}
		}
		sOpenTagSlash() {
			if (this.getCode() === GREATER) this.openSelfClosingTag();
			else {
				this.fail("forward-slash in opening tag not followed by >.");
				this.state = S_ATTRIB;
			}
		}
		sAttrib() {
			const c = this.skipSpaces();
			if (c === EOC) return;
			if (isNameStartChar(c)) {
				this.unget();
				this.state = S_ATTRIB_NAME;
			} else if (c === GREATER) this.openTag();
			else if (c === FORWARD_SLASH) this.state = S_OPEN_TAG_SLASH;
			else this.fail("disallowed character in attribute name.");
		}
		sAttribName() {
			const c = this.captureNameChars();
			if (c === EQUAL) this.state = S_ATTRIB_VALUE;
			else if (isS(c)) this.state = S_ATTRIB_NAME_SAW_WHITE;
			else if (c === GREATER) {
				this.fail("attribute without value.");
				this.pushAttrib(this.name, this.name);
				this.name = this.text = "";
				this.openTag();
			} else if (c !== EOC) this.fail("disallowed character in attribute name.");
		}
		sAttribNameSawWhite() {
			const c = this.skipSpaces();
			switch (c) {
				case EOC: return;
				case EQUAL:
					this.state = S_ATTRIB_VALUE;
					break;
				default:
					this.fail("attribute without value.");
					this.text = "";
					this.name = "";
					if (c === GREATER) this.openTag();
					else if (isNameStartChar(c)) {
						this.unget();
						this.state = S_ATTRIB_NAME;
					} else {
						this.fail("disallowed character in attribute name.");
						this.state = S_ATTRIB;
					}
			}
		}
		sAttribValue() {
			const c = this.getCodeNorm();
			if (isQuote(c)) {
				this.q = c;
				this.state = S_ATTRIB_VALUE_QUOTED;
			} else if (!isS(c)) {
				this.fail("unquoted attribute value.");
				this.state = S_ATTRIB_VALUE_UNQUOTED;
				this.unget();
			}
		}
		sAttribValueQuoted() {
			const { q, chunk } = this;
			let { i: start } = this;
			while (true) switch (this.getCode()) {
				case q:
					this.pushAttrib(this.name, this.text + chunk.slice(start, this.prevI));
					this.name = this.text = "";
					this.q = null;
					this.state = S_ATTRIB_VALUE_CLOSED;
					return;
				case AMP:
					this.text += chunk.slice(start, this.prevI);
					this.state = S_ENTITY;
					this.entityReturnState = S_ATTRIB_VALUE_QUOTED;
					return;
				case NL:
				case NL_LIKE:
				case TAB:
					this.text += `${chunk.slice(start, this.prevI)} `;
					start = this.i;
					break;
				case LESS:
					this.text += chunk.slice(start, this.prevI);
					this.fail("disallowed character.");
					return;
				case EOC:
					this.text += chunk.slice(start);
					return;
			}
		}
		sAttribValueClosed() {
			const c = this.getCodeNorm();
			if (isS(c)) this.state = S_ATTRIB;
			else if (c === GREATER) this.openTag();
			else if (c === FORWARD_SLASH) this.state = S_OPEN_TAG_SLASH;
			else if (isNameStartChar(c)) {
				this.fail("no whitespace between attributes.");
				this.unget();
				this.state = S_ATTRIB_NAME;
			} else this.fail("disallowed character in attribute name.");
		}
		sAttribValueUnquoted() {
			const c = this.captureTo(ATTRIB_VALUE_UNQUOTED_TERMINATOR);
			switch (c) {
				case AMP:
					this.state = S_ENTITY;
					this.entityReturnState = S_ATTRIB_VALUE_UNQUOTED;
					break;
				case LESS:
					this.fail("disallowed character.");
					break;
				case EOC: break;
				default:
					if (this.text.includes("]]>")) this.fail("the string \"]]>\" is disallowed in char data.");
					this.pushAttrib(this.name, this.text);
					this.name = this.text = "";
					if (c === GREATER) this.openTag();
					else this.state = S_ATTRIB;
			}
		}
		sCloseTag() {
			const c = this.captureNameChars();
			if (c === GREATER) this.closeTag();
			else if (isS(c)) this.state = S_CLOSE_TAG_SAW_WHITE;
			else if (c !== EOC) this.fail("disallowed character in closing tag.");
		}
		sCloseTagSawWhite() {
			switch (this.skipSpaces()) {
				case GREATER:
					this.closeTag();
					break;
				case EOC: break;
				default: this.fail("disallowed character in closing tag.");
			}
		}
		handleTextInRoot() {
			let { i: start, forbiddenState } = this;
			const { chunk, textHandler: handler } = this;
			scanLoop: while (true) switch (this.getCode()) {
				case LESS:
					this.state = S_OPEN_WAKA;
					if (handler !== void 0) {
						const { text } = this;
						const slice = chunk.slice(start, this.prevI);
						if (text.length !== 0) {
							handler(text + slice);
							this.text = "";
						} else if (slice.length !== 0) handler(slice);
					}
					forbiddenState = FORBIDDEN_START;
					break scanLoop;
				case AMP:
					this.state = S_ENTITY;
					this.entityReturnState = S_TEXT;
					if (handler !== void 0) this.text += chunk.slice(start, this.prevI);
					forbiddenState = FORBIDDEN_START;
					break scanLoop;
				case CLOSE_BRACKET:
					switch (forbiddenState) {
						case FORBIDDEN_START:
							forbiddenState = FORBIDDEN_BRACKET;
							break;
						case FORBIDDEN_BRACKET:
							forbiddenState = FORBIDDEN_BRACKET_BRACKET;
							break;
						case FORBIDDEN_BRACKET_BRACKET: break;
						default: throw new Error("impossible state");
					}
					break;
				case GREATER:
					if (forbiddenState === FORBIDDEN_BRACKET_BRACKET) this.fail("the string \"]]>\" is disallowed in char data.");
					forbiddenState = FORBIDDEN_START;
					break;
				case NL_LIKE:
					if (handler !== void 0) this.text += `${chunk.slice(start, this.prevI)}\n`;
					start = this.i;
					forbiddenState = FORBIDDEN_START;
					break;
				case EOC:
					if (handler !== void 0) this.text += chunk.slice(start);
					break scanLoop;
				default: forbiddenState = FORBIDDEN_START;
			}
			this.forbiddenState = forbiddenState;
		}
		handleTextOutsideRoot() {
			let { i: start } = this;
			const { chunk, textHandler: handler } = this;
			let nonSpace = false;
			outRootLoop: while (true) {
				const code = this.getCode();
				switch (code) {
					case LESS:
						this.state = S_OPEN_WAKA;
						if (handler !== void 0) {
							const { text } = this;
							const slice = chunk.slice(start, this.prevI);
							if (text.length !== 0) {
								handler(text + slice);
								this.text = "";
							} else if (slice.length !== 0) handler(slice);
						}
						break outRootLoop;
					case AMP:
						this.state = S_ENTITY;
						this.entityReturnState = S_TEXT;
						if (handler !== void 0) this.text += chunk.slice(start, this.prevI);
						nonSpace = true;
						break outRootLoop;
					case NL_LIKE:
						if (handler !== void 0) this.text += `${chunk.slice(start, this.prevI)}\n`;
						start = this.i;
						break;
					case EOC:
						if (handler !== void 0) this.text += chunk.slice(start);
						break outRootLoop;
					default: if (!isS(code)) nonSpace = true;
				}
			}
			if (!nonSpace) return;
			if (!this.sawRoot && !this.reportedTextBeforeRoot) {
				this.fail("text data outside of root node.");
				this.reportedTextBeforeRoot = true;
			}
			if (this.closedRoot && !this.reportedTextAfterRoot) {
				this.fail("text data outside of root node.");
				this.reportedTextAfterRoot = true;
			}
		}
		pushAttribNS(name, value) {
			var _a;
			const { prefix, local } = this.qname(name);
			const attr = {
				name,
				prefix,
				local,
				value
			};
			this.attribList.push(attr);
			(_a = this.attributeHandler) === null || _a === void 0 || _a.call(this, attr);
			if (prefix === "xmlns") {
				const trimmed = value.trim();
				if (this.currentXMLVersion === "1.0" && trimmed === "") this.fail("invalid attempt to undefine prefix in XML 1.0");
				this.topNS[local] = trimmed;
				nsPairCheck(this, local, trimmed);
			} else if (name === "xmlns") {
				const trimmed = value.trim();
				this.topNS[""] = trimmed;
				nsPairCheck(this, "", trimmed);
			}
		}
		pushAttribPlain(name, value) {
			var _a;
			const attr = {
				name,
				value
			};
			this.attribList.push(attr);
			(_a = this.attributeHandler) === null || _a === void 0 || _a.call(this, attr);
		}
		/**
		* End parsing. This performs final well-formedness checks and resets the
		* parser to a clean state.
		*
		* @returns this
		*/
		end() {
			var _a, _b;
			if (!this.sawRoot) this.fail("document must contain a root element.");
			const { tags } = this;
			while (tags.length > 0) {
				const tag = tags.pop();
				this.fail(`unclosed tag: ${tag.name}`);
			}
			if (this.state !== S_BEGIN && this.state !== S_TEXT) this.fail("unexpected end.");
			const { text } = this;
			if (text.length !== 0) {
				(_a = this.textHandler) === null || _a === void 0 || _a.call(this, text);
				this.text = "";
			}
			this._closed = true;
			(_b = this.endHandler) === null || _b === void 0 || _b.call(this);
			this._init();
			return this;
		}
		/**
		* Resolve a namespace prefix.
		*
		* @param prefix The prefix to resolve.
		*
		* @returns The namespace URI or ``undefined`` if the prefix is not defined.
		*/
		resolve(prefix) {
			var _a, _b;
			let uri = this.topNS[prefix];
			if (uri !== void 0) return uri;
			const { tags } = this;
			for (let index = tags.length - 1; index >= 0; index--) {
				uri = tags[index].ns[prefix];
				if (uri !== void 0) return uri;
			}
			uri = this.ns[prefix];
			if (uri !== void 0) return uri;
			return (_b = (_a = this.opt).resolvePrefix) === null || _b === void 0 ? void 0 : _b.call(_a, prefix);
		}
		/**
		* Parse a qname into its prefix and local name parts.
		*
		* @param name The name to parse
		*
		* @returns
		*/
		qname(name) {
			const colon = name.indexOf(":");
			if (colon === -1) return {
				prefix: "",
				local: name
			};
			const local = name.slice(colon + 1);
			const prefix = name.slice(0, colon);
			if (prefix === "" || local === "" || local.includes(":")) this.fail(`malformed name: ${name}.`);
			return {
				prefix,
				local
			};
		}
		processAttribsNS() {
			var _a;
			const { attribList } = this;
			const tag = this.tag;
			{
				const { prefix, local } = this.qname(tag.name);
				tag.prefix = prefix;
				tag.local = local;
				const uri = tag.uri = (_a = this.resolve(prefix)) !== null && _a !== void 0 ? _a : "";
				if (prefix !== "") {
					if (prefix === "xmlns") this.fail("tags may not have \"xmlns\" as prefix.");
					if (uri === "") {
						this.fail(`unbound namespace prefix: ${JSON.stringify(prefix)}.`);
						tag.uri = prefix;
					}
				}
			}
			if (attribList.length === 0) return;
			const { attributes } = tag;
			const seen = /* @__PURE__ */ new Set();
			for (const attr of attribList) {
				const { name, prefix, local } = attr;
				let uri;
				let eqname;
				if (prefix === "") {
					uri = name === "xmlns" ? XMLNS_NAMESPACE : "";
					eqname = name;
				} else {
					uri = this.resolve(prefix);
					if (uri === void 0) {
						this.fail(`unbound namespace prefix: ${JSON.stringify(prefix)}.`);
						uri = prefix;
					}
					eqname = `{${uri}}${local}`;
				}
				if (seen.has(eqname)) this.fail(`duplicate attribute: ${eqname}.`);
				seen.add(eqname);
				attr.uri = uri;
				attributes[name] = attr;
			}
			this.attribList = [];
		}
		processAttribsPlain() {
			const { attribList } = this;
			const attributes = this.tag.attributes;
			for (const { name, value } of attribList) {
				if (attributes[name] !== void 0) this.fail(`duplicate attribute: ${name}.`);
				attributes[name] = value;
			}
			this.attribList = [];
		}
		/**
		* Handle a complete open tag. This parser code calls this once it has seen
		* the whole tag. This method checks for well-formeness and then emits
		* ``onopentag``.
		*/
		openTag() {
			var _a;
			this.processAttribs();
			const { tags } = this;
			const tag = this.tag;
			tag.isSelfClosing = false;
			(_a = this.openTagHandler) === null || _a === void 0 || _a.call(this, tag);
			tags.push(tag);
			this.state = S_TEXT;
			this.name = "";
		}
		/**
		* Handle a complete self-closing tag. This parser code calls this once it has
		* seen the whole tag. This method checks for well-formeness and then emits
		* ``onopentag`` and ``onclosetag``.
		*/
		openSelfClosingTag() {
			var _a, _b, _c;
			this.processAttribs();
			const { tags } = this;
			const tag = this.tag;
			tag.isSelfClosing = true;
			(_a = this.openTagHandler) === null || _a === void 0 || _a.call(this, tag);
			(_b = this.closeTagHandler) === null || _b === void 0 || _b.call(this, tag);
			if ((this.tag = (_c = tags[tags.length - 1]) !== null && _c !== void 0 ? _c : null) === null) this.closedRoot = true;
			this.state = S_TEXT;
			this.name = "";
		}
		/**
		* Handle a complete close tag. This parser code calls this once it has seen
		* the whole tag. This method checks for well-formeness and then emits
		* ``onclosetag``.
		*/
		closeTag() {
			const { tags, name } = this;
			this.state = S_TEXT;
			this.name = "";
			if (name === "") {
				this.fail("weird empty close tag.");
				this.text += "</>";
				return;
			}
			const handler = this.closeTagHandler;
			let l = tags.length;
			while (l-- > 0) {
				const tag = this.tag = tags.pop();
				this.topNS = tag.ns;
				handler === null || handler === void 0 || handler(tag);
				if (tag.name === name) break;
				this.fail("unexpected close tag.");
			}
			if (l === 0) this.closedRoot = true;
			else if (l < 0) {
				this.fail(`unmatched closing tag: ${name}.`);
				this.text += `</${name}>`;
			}
		}
		/**
		* Resolves an entity. Makes any necessary well-formedness checks.
		*
		* @param entity The entity to resolve.
		*
		* @returns The parsed entity.
		*/
		parseEntity(entity) {
			if (entity[0] !== "#") {
				const defined = this.ENTITIES[entity];
				if (defined !== void 0) return defined;
				this.fail(this.isName(entity) ? "undefined entity." : "disallowed character in entity name.");
				return `&${entity};`;
			}
			let num = NaN;
			if (entity[1] === "x" && /^#x[0-9a-f]+$/i.test(entity)) num = parseInt(entity.slice(2), 16);
			else if (/^#[0-9]+$/.test(entity)) num = parseInt(entity.slice(1), 10);
			if (!this.isChar(num)) {
				this.fail("malformed character entity.");
				return `&${entity};`;
			}
			return String.fromCodePoint(num);
		}
	};
	exports.SaxesParser = SaxesParser;
}));
// src/results/junit.ts
/** Nested suites and all; what the known tools write stays below ten. */
const MAX_DEPTH = 100;
/** The most that is kept of one text; an attribute that is longer is an error. */
const MAX_TEXT_LENGTH = 1048576;
/** The first lines of a failure say what there is to say. */
const MAX_BODY_LENGTH = 8192;
/** Private to saxes, which gathers a text until its end. */
const TEXT = "text";
const TOLERATED = /: (?:disallowed character|malformed character entity)\.$/;
const STATUSES = /* @__PURE__ */ new Map([
	["skipped", "skipped"],
	["disabled", "skipped"],
	["ignored", "skipped"],
	["notrun", "skipped"],
	["error", "errored"],
	["fail", "failed"],
	["failed", "failed"],
	["failure", "failed"]
]);
/**
* JUnit's XML, for which there is no standard but many dialects: `testcase` elements in `testsuite` elements, which may be nested.
* Totals in attributes are not looked at. An `error` or `failure` of a suite, outside of its cases, is a case that errored.
* Read as a stream: neither long files nor long texts in them are held.
*/
const junit = {
	name: "junit",
	recognises: ({ start }) => start === "<",
	async parse(source, found) {
		const { SaxesParser } = await Promise.resolve().then(() => /* @__PURE__ */ __toESM(require_saxes(), 1));
		const parser = new SaxesParser({ xmlns: false });
		const suites = [];
		let depth = 0;
		let openCase;
		let detail;
		let isInTag = false;
		let seconds;
		let suiteSeconds;
		parser.on("error", ({ message }) => {
			if (!TOLERATED.test(message)) fail("is not well-formed XML", message.replace(/^[\d:]+ |\.$/g, ""));
		});
		parser.on("opentagstart", () => {
			isInTag = true;
		});
		parser.on("opentag", (tag) => {
			isInTag = false;
			depth++;
			if (depth > MAX_DEPTH) fail("is nested too deeply", `more than ${MAX_DEPTH} elements within each other`);
			open(localNameOf(tag), tag.attributes);
		});
		parser.on("text", addText);
		parser.on("cdata", addText);
		parser.on("closetag", () => {
			if (detail?.depth === depth) closeDetail(detail);
			if (openCase?.depth === depth) closeCase(openCase);
			else if (suites.at(-1)?.depth === depth) suites.pop();
			depth--;
		});
		for await (const piece of source.readPieces()) {
			const nul = piece.indexOf("\0");
			parser.write(nul < 0 ? piece : piece.slice(0, nul));
			if (nul >= 0) fail("is not well-formed XML", "a NUL byte follows");
			releaseText();
		}
		parser.close();
		return milliseconds(seconds ?? suiteSeconds);
		function open(name, attributes) {
			if (depth === 1 && name !== "testsuites" && name !== "testsuite") fail("is not JUnit", `expected the element testsuites or testsuite, found ${cut$1(name, 40)}`);
			if (openCase !== void 0) openInCase(openCase, name, attributes);
			else if (name === "testcase") {
				openCase = {
					suite: attributes.classname ?? suites.at(-1)?.name ?? "",
					name: attributes.name ?? "",
					status: STATUSES.get(attributes.status?.toLowerCase() ?? ""),
					depth,
					skipped: false,
					error: void 0,
					failure: void 0
				};
				seconds = plus(seconds, secondsOf(attributes.time));
			} else if (name === "testsuite" || name === "testsuites") {
				const time = secondsOf(attributes.time);
				const isWithinTimed = suites.at(-1)?.isTimed === true;
				if (!isWithinTimed) suiteSeconds = plus(suiteSeconds, time);
				suites.push({
					name: attributes.name ?? "",
					depth,
					isTimed: isWithinTimed || time !== void 0
				});
			} else if ((name === "error" || name === "failure") && suites.at(-1)?.depth === depth - 1) openDetail(attributes);
		}
		function openInCase(parent, name, attributes) {
			if (name === "testcase") fail("is not JUnit", "a testcase within a testcase");
			if (depth !== parent.depth + 1) return;
			if (name === "skipped") parent.skipped = true;
			else if (name === "error") parent.error ??= openDetail(attributes);
			else if (name === "failure") parent.failure ??= openDetail(attributes);
		}
		function openDetail({ message = "", type = "" }) {
			detail = {
				message,
				type,
				depth,
				body: ""
			};
			return detail;
		}
		function addText(text) {
			if (detail !== void 0 && detail.body.length < MAX_BODY_LENGTH) detail.body += text.slice(0, MAX_BODY_LENGTH);
		}
		function closeDetail(closed) {
			detail = void 0;
			if (openCase === void 0) {
				const suite = suites.at(-1)?.name ?? "";
				found({
					outcome: "errored",
					describe: () => failureOf(suite, closed)
				});
			}
		}
		function closeCase({ suite, name, status, skipped, error, failure }) {
			openCase = void 0;
			found({
				outcome: skipped ? "skipped" : error ? "errored" : failure ? "failed" : status ?? "passed",
				describe: () => failureOf(nameWithin([suite], name), error ?? failure)
			});
		}
		function releaseText() {
			if (parser[TEXT].length <= MAX_TEXT_LENGTH) return;
			if (isInTag) fail("is not JUnit", `a tag with more than ${MAX_TEXT_LENGTH} characters`);
			addText(parser[TEXT]);
			parser[TEXT] = "";
		}
		function fail(what, why) {
			throw new FormError(`${what}: line ${parser.line}, column ${parser.column || 1}: ${cut$1(why, 200)}`);
		}
	}
};
/** Prefixes of namespaces say nothing here. */
function localNameOf({ name }) {
	return name.slice(name.indexOf(":") + 1);
}
/** `0.25`, and `1,234.5` as Surefire writes it. */
function secondsOf(text) {
	if (text === void 0 || text.trim() === "") return void 0;
	const seconds = Number(text.includes(",") ? withoutThousands(text) : text);
	return Number.isFinite(seconds) && seconds >= 0 ? seconds : void 0;
}
function withoutThousands(text) {
	return /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(text) ? text.replaceAll(",", "") : "?";
}
function plus(sum, value) {
	return value === void 0 ? sum : (sum ?? 0) + value;
}
function milliseconds(seconds) {
	return seconds === void 0 ? void 0 : seconds * 1e3;
}
// src/results/promptfoo.ts
const ERRORED = 2;
/** What `promptfoo eval -o results.json` writes, versions 2 and 3 of its results: `results.results[]`, latency in milliseconds. */
const promptfoo = {
	name: "promptfoo",
	async recognises(source) {
		if (source.start !== "{") return false;
		const document = await source.readJson();
		return isJsonObject(document) && isJsonObject(document.results) && Array.isArray(document.results.results);
	},
	async parse(source, found) {
		const results = arrayAt("results.results", objectAt("results", objectAt("the document", await source.readJson()).results).results).map((result, i) => objectAt(`results.results[${i}]`, result));
		const inOrder = results.toSorted((a, b) => (numberOf(a.promptIdx) ?? 0) - (numberOf(b.promptIdx) ?? 0));
		const prompts = [...new Set(inOrder.map(promptOf))];
		const providers = new Set(results.map(providerOf));
		results.forEach((result, i) => {
			const labels = [...providers.size > 1 ? [providerOf(result)] : [], ...prompts.length > 1 ? [`prompt ${prompts.indexOf(promptOf(result)) + 1}`] : []];
			const label = labels.length > 0 ? ` [${labels.join(", ")}]` : "";
			const grading = isJsonObject(result.gradingResult) ? result.gradingResult : {};
			found({
				outcome: outcomeOf(result, booleanAt(`results.results[${i}].success`, result.success)),
				describe: () => failureOf(titleOf(result) + label, { message: textOf$1(result.error) || textOf$1(grading.reason) }),
				means: {
					...scoresOf(result),
					...known$1({ "test.score.mean": numberOf(result.score) })
				},
				sums: known$1({
					"test.cost": numberOf(result.cost),
					...tokensOf(result)
				})
			});
		});
		return sumOf(results.map(({ latencyMs }) => numberOf(latencyMs)));
	}
};
function outcomeOf({ failureReason, error, gradingResult }, success) {
	if (success) return "passed";
	return (failureReason === void 0 ? error && !gradingResult : failureReason === ERRORED) ? "errored" : "failed";
}
function titleOf(result) {
	const title = textOf$1((isJsonObject(result.testCase) ? result.testCase : {}).description) || textOf$1(result.description);
	if (title) return title;
	return cut$1(Object.entries(isJsonObject(result.vars) ? result.vars : {}).map(([name, value]) => `${name}=${textOf$1(value) || JSON.stringify(value)}`).join(", "), 100);
}
function providerOf({ provider }) {
	return isJsonObject(provider) ? textOf$1(provider.label) || textOf$1(provider.id) : textOf$1(provider);
}
function promptOf({ prompt }) {
	return isJsonObject(prompt) ? textOf$1(prompt.label) || textOf$1(prompt.raw) : "";
}
function scoresOf({ namedScores }) {
	const scores = Object.entries(isJsonObject(namedScores) ? namedScores : {});
	return known$1(Object.fromEntries(scores.map(([name, score]) => [`test.scores.${name}`, numberOf(score)])));
}
/** The tokens of the call; version 2 has them only in the provider's response. */
function tokensOf({ tokenUsage, response }) {
	const usage = tokenUsage ?? (isJsonObject(response) ? response.tokenUsage : void 0);
	if (!isJsonObject(usage)) return {};
	return {
		"gen_ai.usage.input_tokens": numberOf(usage.prompt),
		"gen_ai.usage.output_tokens": numberOf(usage.completion)
	};
}
function known$1(values) {
	return Object.fromEntries(Object.entries(values).filter((entry) => entry[1] !== void 0));
}
// src/results/results.ts
const RESULTS_FORMATS = [
	"auto",
	"junit",
	"ctrf",
	"promptfoo",
	"jest",
	"json",
	"fields"
];
const TEST_FORMATS = [
	junit,
	ctrf,
	promptfoo,
	jest
];
const NO_FILE = "matches no file. Check that the step that writes it ran, and its path from the workspace; of a directory write a glob such as reports/*.xml";
const MAX_FAILURES = 10;
/**
* Reads the files that `pattern` matches. Throws {@link InputError} with every problem; each names the file, and the place in it.
* A file in which there is no case is a problem, and so is a run in which all were skipped: neither is a pass.
*/
async function readResults(request, files) {
	const paths = await files.find(request.pattern);
	const [path, ...others] = paths;
	if (path === void 0) throw problem("results_file", NO_FILE, request.pattern);
	if (request.format === "json" || request.format === "fields") {
		if (others.length > 0) throw problem("results_file", `matches ${paths.length} files; results_format ${request.format} reads one`);
		return request.format === "json" ? readScore(request, files, path) : readFields(request, files, path);
	}
	return {
		kind: "tests",
		tests: await readTests(request.format, files, paths)
	};
}
/** What the results become on the span: the pass rate × `scale`, a line per failure, and counts. */
function fieldsOf(tests, scale) {
	const { passed, failed, errored, skipped, durationMs, failures } = tests;
	const ran = passed + failed + errored;
	const lines = failures.map(lineOf);
	const more = failed + errored - failures.length;
	if (more > 0) lines.push(`and ${more} more`);
	return {
		score: roundedProduct({
			digits: BigInt(passed),
			exponent: 0
		}, scale, BigInt(ran)),
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
async function readTests(format, files, paths) {
	const tally = createTally();
	const formats = /* @__PURE__ */ new Set();
	const durations = [];
	const problems = [];
	for (const path of paths) try {
		const source = await openSource(files, path);
		const adapter = await formatOf(format, source);
		const before = tally.total();
		durations.push(await adapter.parse(source, tally.add));
		if (tally.total() === before) throw new FormError("holds no test case: nothing ran");
		formats.add(adapter.name);
	} catch (error) {
		problems.push(problemOf(path, error));
	}
	const run = tally.run();
	if (problems.length === 0 && run.passed + run.failed + run.errored === 0) problems.push({
		name: "results_file",
		message: `${paths.join(", ")}: every case was skipped: nothing ran`
	});
	if (problems.length > 0) throw new InputError(problems);
	const durationMs = sumOf(durations);
	return {
		format: [...formats].join(", "),
		files: paths,
		...run,
		durationMs: durationMs === void 0 ? void 0 : Math.round(durationMs)
	};
}
/** Counts cases as they come. */
function createTally() {
	const counts = {
		passed: 0,
		failed: 0,
		errored: 0,
		skipped: 0
	};
	const failures = [];
	const means = /* @__PURE__ */ new Map();
	const sums = /* @__PURE__ */ new Map();
	return {
		add({ outcome, describe, means: measured, sums: counted }) {
			counts[outcome]++;
			if ((outcome === "failed" || outcome === "errored") && failures.length < MAX_FAILURES) failures.push(describe());
			for (const key in measured) {
				const { sum, count } = means.get(key) ?? {
					sum: 0,
					count: 0
				};
				means.set(key, {
					sum: sum + (measured[key] ?? 0),
					count: count + 1
				});
			}
			for (const key in counted) sums.set(key, (sums.get(key) ?? 0) + (counted[key] ?? 0));
		},
		total: () => counts.passed + counts.failed + counts.errored + counts.skipped,
		run: () => ({
			...counts,
			failures,
			meta: Object.fromEntries([...[...means].map(([key, { sum, count }]) => [key, tidy(sum / count)]), ...[...sums].filter(([, sum]) => sum !== 0).map(([key, sum]) => [key, tidy(sum)])])
		})
	};
}
/** Without the noise of adding in binary: 0.30000000000000004 is 0.3. */
function tidy(value) {
	return Number(value.toPrecision(12));
}
async function formatOf(format, source) {
	for (const adapter of TEST_FORMATS) if (adapter.name === format || format === "auto" && await adapter.recognises(source)) return adapter;
	const known = TEST_FORMATS.map(({ name }) => name).join(", ");
	throw new FormError(source.start === "{" || source.start === "[" ? `is JSON, but none of ${known}. For a file of your own set results_format to json or fields` : `is of an unknown kind: line 1, column 1: expected XML or JSON (${known})`);
}
async function openSource(files, path) {
	let document;
	return {
		start: await startOf(files, path),
		readPieces: () => readTextPieces(files, path),
		readJson: () => {
			document ??= readJson(files, path);
			return document;
		}
	};
}
async function startOf(files, path) {
	for await (const piece of readTextPieces(files, path)) {
		const start = /\S/u.exec(piece);
		if (start) return start[0];
	}
	throw new FormError("is empty");
}
async function readJson(files, path) {
	return parseJson(await readText(files, path));
}
async function readScore({ scorePointer = "" }, files, path) {
	const value = valueAt(await readDocument(files, path), scorePointer, path);
	if (typeof value !== "number" && !JSON.isRawJSON(value)) throw problem("score_pointer", `leads to ${kindOf(value)} in ${path}; expected a number`, scorePointer);
	return {
		kind: "fields",
		fields: { score: JSON.stringify(value) },
		path
	};
}
async function readDocument(files, path) {
	try {
		return await readJson(files, path);
	} catch (error) {
		throw new InputError([problemOf(path, error)]);
	}
}
/** The value a JSON Pointer (RFC 6901) leads to. */
function valueAt(document, pointer, path) {
	let value = document;
	let place = "";
	for (const token of pointer.split("/").slice(1)) {
		const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
		const next = childOf(value, key);
		if (next === void 0) throw problem("score_pointer", `leads nowhere in ${path}: ${place || "the document"} is ${insideOf(value)}`, pointer);
		place += `/${token}`;
		value = next;
	}
	return value;
}
function childOf(value, key) {
	if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(key) ? value[Number(key)] : void 0;
	return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : void 0;
}
function insideOf(value) {
	if (Array.isArray(value)) return `an array of ${value.length}`;
	if (!isJsonObject(value)) return kindOf(value);
	const keys = Object.keys(value);
	return keys.length === 0 ? "an object without a key" : `an object with ${listed(keys)}`;
}
/** The first ten names, each cut. */
function listed(names) {
	return [...names.slice(0, 10).map((name) => cut$1(name, 40)), ...names.length > 10 ? ["…"] : []].join(", ");
}
async function readFields({ fieldNames }, files, path) {
	const document = await readDocument(files, path);
	if (!isJsonObject(document)) throw problem("results_file", `${path} holds ${kindOf(document)}; results_format fields expects an object`);
	const given = Object.entries(document).filter(([, value]) => value !== null);
	const unknown = given.map(([name]) => name).filter((name) => !fieldNames.includes(name));
	if (unknown.length > 0) throw problem("results_file", `${path} may hold ${fieldNames.join(", ")}; it holds ${listed(unknown)} too`);
	const fields = given.map(([name, value]) => [name, inputTextOf(name, value)]);
	return {
		kind: "fields",
		fields: Object.fromEntries(fields),
		path
	};
}
/** The text that the input of the same name would have. */
function inputTextOf(name, value) {
	if (name === "clear" && Array.isArray(value)) return value.map((field) => inputTextOf("", field)).join(",");
	return typeof value === "string" ? value : JSON.stringify(value);
}
function problem(name, message, found) {
	return new InputError([{
		name,
		message,
		...found !== void 0 && { found }
	}]);
}
function problemOf(path, error) {
	if (!(error instanceof FormError)) throw error;
	return {
		name: "results_file",
		message: `${path} ${error.message}`
	};
}
// src/inputs/inputs.ts
/** The inputs that say what to record. A results file of the format `fields` may hold these, and nothing else. */
const FIELD_INPUTS = [
	...SPAN_FIELDS,
	"score_scale",
	"clear"
];
/**
* Every input of action.yml through `getInput`, as it was given; an empty one is its default. The key is that of the
* environment where none is given, without the white space and line ends around it.
*/
function rawInputsOf(getInput, environmentKey = "") {
	const entries = Object.entries(defaults).map(([name, value]) => {
		const given = getInput(name);
		return [name, given.trim() === "" ? value || given : given];
	});
	const raw = Object.fromEntries(entries);
	return {
		...raw,
		api_key: raw.api_key.trim() || environmentKey.trim()
	};
}
/** The id of the span where it is one, whatever is wrong with the other inputs. */
function spanIdOf(raw) {
	const id = raw.span_id.trim();
	return UUID.test(id) ? id : void 0;
}
/**
* The inputs, checked and typed. `now` is what the word `now` means. Throws {@link InputError} with every problem at once.
* Whether the id of a span and a key are needed depends on what is to be done: here they may be empty.
*/
function parseInputs(raw, now) {
	const { values, problems } = readForms(formsAt(now), raw);
	problems.push(...scoreProblems(values, problems), ...clearProblems(values));
	if (problems.length > 0) throw new InputError(problems);
	const { name, type, start_time, end_time, input, output, error, ...given } = values;
	const score = given.score && Number(scaled(given.score, given.score_scale));
	return {
		spanId: given.span_id,
		apiKey: given.api_key,
		baseUrl: given.base_url,
		operation: given.operation,
		fields: present({
			name,
			type,
			start_time,
			end_time,
			input,
			output,
			error,
			score
		}),
		meta: given.meta,
		metaFile: given.meta_file,
		metaMode: given.meta_mode,
		clear: given.clear,
		scoreScale: given.score_scale,
		minScore: given.min_score,
		ciMeta: given.ci_meta,
		jobStatus: given.job_status,
		jobMatrix: given.job_matrix,
		jobCheckRunId: given.job_check_run_id,
		dryRun: given.dry_run,
		summary: given.summary,
		failOnApiError: given.fail_on_api_error,
		timeoutMs: given.timeout_seconds,
		retries: given.retries
	};
}
/** What to read results from, undefined where no file is named. Throws {@link InputError}. */
function parseResultsRequest(raw) {
	const { values, problems } = readForms(RESULTS_FORMS, raw);
	problems.push(...pointerProblems(values, problems));
	if (problems.length > 0) throw new InputError(problems);
	const { results_file: pattern, results_format: format, score_pointer: scorePointer } = values;
	return pattern === void 0 ? void 0 : {
		pattern,
		format,
		scorePointer,
		fieldNames: FIELD_INPUTS
	};
}
/** A JSON object for `meta`. Throws {@link FormError}. */
function parseMeta(text) {
	const value = parseJson(text);
	if (!isJsonObject(value)) throw new FormError(`is ${kindOf(value)}, expected a JSON object such as {"dataset": "v3"}`);
	return value;
}
/** The form of every input, in the order of action.yml. A form throws {@link FormError}; undefined is "not given". */
const formsAt = (now) => ({
	span_id: optional(parseSpanId),
	api_key: optional(parseKey),
	base_url: trimmed(parseBaseUrl),
	operation: trimmed(oneOf("update", "get")),
	score: optional(parseScore),
	score_scale: optional(parseScale),
	error: verbatim,
	meta: json(parseMeta),
	meta_file: optional(asIs),
	end_time: optional((text) => parseTimestamp(text, now)),
	start_time: optional((text) => parseTimestamp(text, now)),
	name: verbatim,
	type: verbatim,
	input: verbatim,
	output: verbatim,
	clear: trimmed(parseClear),
	min_score: optional(parseThreshold),
	meta_mode: trimmed(oneOf("merge", "replace")),
	ci_meta: trimmed(parseBoolean),
	fail_on_api_error: trimmed(parseBoolean),
	dry_run: trimmed(parseBoolean),
	summary: trimmed(parseBoolean),
	timeout_seconds: trimmed(parseTimeoutMs),
	retries: trimmed(parseRetries),
	job_status: optional(oneOf("success", "failure", "cancelled")),
	job_matrix: json(parseJson),
	job_check_run_id: optional(asIs)
});
const RESULTS_FORMS = {
	results_file: optional(asIs),
	results_format: trimmed(oneOf(...RESULTS_FORMATS)),
	score_pointer: optional(parsePointer)
};
/** Reads every input with the form of its name. One that is broken is undefined, and has a problem. */
function readForms(forms, raw) {
	const problems = [];
	const read = (name, form) => {
		try {
			return form(raw[name] ?? "");
		} catch (error) {
			if (!(error instanceof FormError)) throw error;
			const { message, found } = error;
			problems.push({
				name,
				message,
				...found !== void 0 && { found }
			});
			return;
		}
	};
	const entries = Object.entries(forms).map(([name, form]) => [name, read(name, form)]);
	return {
		values: Object.fromEntries(entries),
		problems
	};
}
function scoreProblems({ score, score_scale }, problems) {
	if (!score || problems.some(({ name }) => name === "score_scale")) return [];
	const integer = scaled(score, score_scale);
	if (integer === void 0) return [{
		name: "score",
		message: "is not an integer, and the API takes no other. Set score_scale to record a fraction: 0.87 with score_scale 100 records 87",
		found: score.text
	}];
	if (Number.isSafeInteger(Number(integer))) return [];
	return [{
		name: "score",
		message: `${score_scale ? "times score_scale " : ""}is beyond ±9007199254740991, the integers that JSON carries safely`,
		found: score.text
	}];
}
function clearProblems(values) {
	const given = {
		...values,
		meta: values.meta ?? values.meta_file
	};
	const both = values.clear?.filter((field) => given[field] !== void 0) ?? [];
	if (both.length === 0) return [];
	return [{
		name: "clear",
		message: `names ${both.join(", ")}, which is also given. Drop one of the two`
	}];
}
function pointerProblems({ results_file, results_format, score_pointer }, problems) {
	const name = "score_pointer";
	if (problems.some((problem) => problem.name === name)) return [];
	if (results_file && results_format === "json" && !score_pointer) return [{
		name,
		message: "is required with results_format json. Write where the score is, such as /summary/accuracy"
	}];
	if (score_pointer && results_format && results_format !== "json") return [{
		name,
		message: "is read with results_format json only"
	}];
	return [];
}
function trimmed(form) {
	return (text) => form(text.trim());
}
function optional(form) {
	return trimmed((text) => text === "" ? void 0 : form(text));
}
/** JSON as it was written: white space before it counts in the place of an error. */
function json(form) {
	return (text) => text.trim() === "" ? void 0 : form(text);
}
/** Text as it was written, but for line breaks at the very end, which shells and YAML's `|` add. */
function verbatim(text) {
	return withoutAtEnd(text, "\r\n") || void 0;
}
/** The integer to record; undefined where the score is none and no scale is given. */
function scaled(score, scale) {
	return scale ? roundedProduct(score, scale) : integerOf(score);
}
function asIs(text) {
	return text;
}
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
function parseSpanId(text) {
	if (!UUID.test(text)) throw new FormError("is not a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a", { found: text });
	return text;
}
function parseKey(text) {
	if (!/^[\x20-\x7e]+$/.test(text)) throw new FormError("has a line break or a character that is not printable ASCII. Check the secret it comes from");
	return text;
}
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
function parseBaseUrl(text) {
	const url = URL.parse(text);
	if (!url) throw new FormError("is not a URL such as https://api.opper.ai/v2");
	if (url.protocol !== "https:" && !(url.protocol === "http:" && LOOPBACK.test(url.hostname))) throw new FormError("has to begin with https:// (http:// only to a loopback address), so that the key is not sent in the clear");
	if (url.username || url.password) throw new FormError("holds user info. Drop what stands before the @");
	if (/[?#]/.test(text)) throw new FormError("holds a query or fragment. Drop what begins at the ? or #");
	return withoutAtEnd(url.href, "/");
}
function parseNumber(text) {
	const decimal = parseDecimal(text);
	if (!decimal) throw new FormError("is not a number such as 9 or 0.87", { found: text });
	return decimal;
}
/** With its text, for what is wrong with it may show only together with the scale. */
function parseScore(text) {
	const decimal = parseDecimal(text);
	if (!decimal) throw new FormError("is not a number such as 87, or 0.87 with score_scale 100", { found: text });
	return {
		...decimal,
		text
	};
}
function parseScale(text) {
	const decimal = parseNumber(text);
	if (decimal.digits <= 0n) throw new FormError("has to be above 0", { found: text });
	return decimal;
}
function parseThreshold(text) {
	parseNumber(text);
	const threshold = Number(text);
	if (!Number.isFinite(threshold)) throw new FormError("is beyond what a score can be", { found: text });
	return threshold;
}
function parseTimeoutMs(text) {
	const milliseconds = parseDecimal(text) ? Math.round(Number(text) * 1e3) : NaN;
	if (!(milliseconds >= 1 && milliseconds <= 36e5)) throw new FormError("is not a number of seconds from 0.001 to 3600", { found: text });
	return milliseconds;
}
function parseRetries(text) {
	if (!/^(\d|10)$/.test(text)) throw new FormError("is not a whole number from 0 to 10", { found: text });
	return Number(text);
}
function parseBoolean(text) {
	if (!/^(true|True|TRUE|false|False|FALSE)$/.test(text)) throw new FormError("is not true or false", { found: text });
	return text.toLowerCase() === "true";
}
function parseClear(text) {
	const names = new Set(text.split(/[\s,]+/).filter(Boolean));
	const unknown = [...names].filter((name) => !SPAN_FIELDS.some((field) => field === name));
	if (unknown.length > 0) throw new FormError(`is not among the fields that can be cleared: ${SPAN_FIELDS.join(", ")}`, { found: unknown.join(", ") });
	return SPAN_FIELDS.filter((field) => names.has(field));
}
function parsePointer(text) {
	if (!text.startsWith("/") || /~(?![01])/.test(text)) throw new FormError("is not a JSON Pointer such as /summary/accuracy", { found: text });
	return text;
}
function oneOf(...words) {
	return (text) => {
		if (!words.includes(text)) throw new FormError(`is not one of ${words.join(", ")}`, { found: text });
		return text;
	};
}
/** Without such characters at its very end. `/[\r\n]+$/` would take quadratic time where a long run of them stands inside. */
function withoutAtEnd(text, characters) {
	let end = text.length;
	while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
	return text.slice(0, end);
}
/** The entries that have a value: an absent key means "leave alone", and must not become `undefined` or `null`. */
function present(fields) {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== void 0));
}
// src/job.ts
/**
* Where the job ran and how it went, flat, under the names of OpenTelemetry's semantic conventions for CICD and VCS
* (opentelemetry.io/docs/specs/semconv/registry/attributes, cicd and vcs), with GitHub's own for what has none there.
* The head is what was tested: on a pull request its last commit, not the merge commit; after `workflow_run` that of the
* run that triggered this one. A fact that is not known is absent.
*/
function ciFactsOf(context, job) {
	const { head, base, change } = refsOf(context);
	const repo = repoOf(context);
	const links = linksOf(context, job);
	return known({
		"cicd.pipeline.name": context.workflow,
		"cicd.pipeline.run.id": idOf(context.runId),
		"cicd.pipeline.run.url.full": links.run,
		"cicd.pipeline.task.name": context.job,
		"cicd.pipeline.task.run.id": job.checkRunId,
		"cicd.pipeline.task.run.url.full": links.job,
		"cicd.pipeline.task.run.result": job.status === "cancelled" ? "cancellation" : job.status,
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
		"github.matrix": job.matrix
	});
}
/** Where to look: the page of the run, and that of the job (the run's where the job's id is not known). */
function linksOf(context, job) {
	const repo = repoOf(context);
	const id = idOf(context.runId);
	if (!repo || !id) return {};
	const run = `${context.serverUrl}/${repo.owner}/${repo.repo}/actions/runs/${id}`;
	return {
		run,
		job: job.checkRunId ? `${run}/job/${job.checkRunId}` : run
	};
}
/** The error to record for a job that failed or was cancelled: one sentence that names the job and where to look. */
function jobErrorOf(context, job) {
	if (job.status !== "failure" && job.status !== "cancelled") return void 0;
	const what = job.status === "failure" ? "failed" : "was cancelled";
	const name = context.job ? `Job ${context.job}${matrixText(job.matrix)}` : "The job";
	const link = linksOf(context, job).job;
	return `${name} ${what}${context.workflow ? ` in workflow ${context.workflow}` : ""}${link ? `: ${link}` : ""}`;
}
const DEPENDABOT = "dependabot[bot]";
const WITHHELD_FROM_DEPENDABOT = [
	"create",
	"deployment",
	"deployment_status",
	"pull_request",
	"pull_request_review",
	"pull_request_review_comment",
	"push"
];
/**
* Whether GitHub withholds secrets from this run: on a pull request from a fork, and on most of what Dependabot triggers,
* whoever runs it again. `pull_request_target` runs with secrets whatever the pull request comes from, unless Dependabot
* opened it (docs.github.com, "Securely using pull_request_target").
*/
function withholdsSecrets({ actor, eventName, payload: { pull_request: pull } }) {
	if (actor === DEPENDABOT) return eventName === "pull_request_target" ? pull?.user?.login === DEPENDABOT : WITHHELD_FROM_DEPENDABOT.includes(eventName);
	if (!/^pull_request(_review|_review_comment)?$/.test(eventName)) return false;
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
		const type = trigger.event?.startsWith("pull_request") ? "branch" : void 0;
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
/** ` (3.12, ubuntu-latest)`, as GitHub names the jobs of a matrix. */
function matrixText(matrix) {
	if (!isJsonObject(matrix)) return "";
	const values = Object.values(matrix).filter((value) => typeof value !== "object");
	return values.length > 0 ? ` (${values.join(", ")})` : "";
}
function known(facts) {
	const isKnown = ([, value]) => value !== void 0 && value !== null && value !== "" && !Number.isNaN(value);
	return Object.fromEntries(Object.entries(facts).filter(isKnown));
}
// src/plan.ts
const PASS_RATE_SCALE = {
	digits: 100n,
	exponent: 0
};
/**
* Parses the inputs, reads the files they name, and works out what to record. Throws {@link InputError} with the problems
* of all of them at once. A key and the id of a span are there in every plan but where GitHub withholds the key: without
* it the step before could not make a span either. In a job that has failed, a file that is missing or broken is only told:
* the step that writes it may be the one that failed, and that is to be recorded.
*/
async function readPlan({ raw, context, files, now }) {
	const problems = [...whereProblems(raw, context), ...operationProblems(raw)];
	const unread = [];
	const ofFiles = /^(failure|cancelled)$/.test(raw.job_status.trim()) ? unread : problems;
	const request = await collect(() => parseResultsRequest(raw), problems);
	const results = request && await collect(() => readResults(request, files), ofFiles);
	const tests = results?.kind === "tests" ? results.tests : void 0;
	const file = results?.kind === "fields" ? results : void 0;
	const inputs = await collect(() => parseWithFields(raw, file, now), problems);
	const resultsMeta = await collect(() => metaOf(`meta in ${file?.path}`, file?.fields.meta), ofFiles);
	const path = raw.meta_file.trim();
	const fileMeta = path ? await collect(() => metaOf(`meta_file ${path}`, readText(files, path)), ofFiles) : void 0;
	const scale = inputs?.scoreScale ?? PASS_RATE_SCALE;
	const measured = tests && await collect(() => measure(tests, scale), problems);
	if (!inputs || problems.length > 0) throw new InputError(problems);
	const job = {
		status: inputs.jobStatus,
		matrix: inputs.jobMatrix,
		checkRunId: inputs.jobCheckRunId
	};
	const ciFacts = inputs.ciMeta ? ciFactsOf(context, job) : {};
	const error = measured?.error ?? jobErrorOf(context, job);
	const fields = {
		...measured && { score: measured.score },
		...error !== void 0 && { error },
		...inputs.fields,
		...metaFieldOf(ciFacts, [
			measured?.meta,
			resultsMeta,
			fileMeta,
			inputs.meta
		])
	};
	if (inputs.operation === "update" && Object.keys(fields).length + inputs.clear.length === 0) throw new InputError([{
		name: "operation",
		message: `update has nothing to record. Give one of ${[
			...SPAN_FIELDS,
			"clear",
			"meta_file"
		].join(", ")} or results_file`
	}]);
	const recording = {
		fields,
		clear: inputs.clear,
		keepsMeta: inputs.metaMode === "merge"
	};
	const { spanId = "", apiKey = "" } = inputs;
	return {
		inputs,
		spanId,
		apiKey,
		job,
		recording,
		tests,
		unread
	};
}
/** What `work` gives; undefined where it throws an {@link InputError}, whose problems go to `problems`. */
async function collect(work, problems) {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		problems.push(...error.problems);
		return;
	}
}
/** What is missing to know the span and to be let in. */
function whereProblems(raw, context) {
	const problems = [];
	const needsKey = raw.dry_run.trim().toLowerCase() !== "true";
	if (needsKey && raw.api_key === "" && withholdsSecrets(context)) return [];
	if (raw.span_id.trim() === "") problems.push({
		name: "span_id",
		message: "is empty. Hand on the UUID of the span from the step that made it, and check that this step ran and set it"
	});
	if (needsKey && raw.api_key === "") problems.push({
		name: "api_key",
		message: `is empty. Pass the key from a secret, such as \${{ secrets.OPPER_API_KEY }}, or set OPPER_API_KEY in the env of the step; a secret that does not exist is empty too`
	});
	return problems;
}
/** `get` with something to record is a misunderstanding that would otherwise lose what was given. */
function operationProblems(raw) {
	const given = [
		...FIELD_INPUTS,
		"meta_file",
		"results_file"
	].filter((name) => raw[name].trim() !== "");
	if (raw.operation.trim() !== "get" || given.length === 0) return [];
	return [{
		name: "operation",
		message: `get writes nothing, but ${given.join(", ")} is given. Use update, or drop it`
	}];
}
/** The inputs, with those that the workflow leaves empty taken from the file; its `meta` is a layer of its own. */
function parseWithFields(raw, file, now) {
	const open = FIELD_INPUTS.filter((name) => name !== "meta" && raw[name].trim() === "" && file?.fields[name]);
	try {
		return parseInputs({
			...raw,
			...Object.fromEntries(open.map((name) => [name, file?.fields[name]]))
		}, now);
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		throw new InputError(error.problems.map((problem) => open.some((name) => name === problem.name) ? {
			...problem,
			name: `${problem.name} in ${file?.path}`
		} : problem));
	}
}
/** A layer of `meta`. What keeps its text from being read, or from being one, is a problem under `name`. */
async function metaOf(name, text) {
	try {
		const read = await text;
		return read === void 0 ? void 0 : parseMeta(read);
	} catch (error) {
		if (!(error instanceof FormError)) throw error;
		throw new InputError([{
			name,
			message: error.message
		}]);
	}
}
function measure(tests, scale) {
	const { score, ...rest } = fieldsOf(tests, scale);
	if (!Number.isSafeInteger(Number(score))) throw new InputError([{
		name: "score_scale",
		message: "makes the score larger than 9007199254740991"
	}]);
	return {
		...rest,
		score: Number(score)
	};
}
/** The CI facts and, over them, the layers that were given, later ones winning key by key; absent where there is nothing. */
function metaFieldOf(ciFacts, layers) {
	const given = layers.filter((layer) => layer !== void 0);
	const meta = Object.fromEntries([ciFacts, ...given].flatMap((layer) => Object.entries(layer)));
	return given.length > 0 || Object.keys(meta).length > 0 ? { meta } : {};
}
// src/report/inert.ts
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const PLAIN = /^[ -~]*$/;
const NAMED = {
	"\n": "\\n",
	"\r": "\\r",
	"	": "\\t"
};
const ENTITIES = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	"\"": "&quot;",
	"'": "&#39;"
};
/**
* Foreign text as one line that only reads: what cannot be seen is written out (`\n`, `\u{202e}`), and neither form of a
* workflow command survives. The runner takes `::name::` at the start of a line, after white space, and `##[name]`
* anywhere in it (actions/runner, ActionCommand.cs). It compares by culture, to which ignorable characters do not count.
* Longer than `maxLength` is cut, with the number of characters left out.
*/
function inert(text, maxLength = 2e3) {
	const line = visible(cut(text, maxLength));
	if (PLAIN.test(line) && !/^ *:|##\[/.test(line)) return line;
	return line.replace(/^([\s\p{DI}]*):/u, "$1\\:").replace(/(#\p{DI}*#\p{DI}*)\[/gu, "$1\\[");
}
/**
* Foreign text as HTML that only reads, in one line of source: a line break is an entity, so no blank line can end the
* HTML block around it. No tag, entity or invisible character of the text is left; a longer text than `maxLength` is cut.
*/
function html(text, maxLength = 2e3) {
	return cut(text, maxLength).split(/\r\n|\r|\n/).map((line) => visible(line).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "")).join("&#10;");
}
function visible(text) {
	if (PLAIN.test(text)) return text;
	return text.replace(INVISIBLE, (character) => NAMED[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
function cut(text, maxLength) {
	if (text.length <= maxLength) return text;
	const head = text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "");
	return `${head}… (${text.length - head.length} more characters)`;
}
// src/report/report.ts
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
	"span",
	"status"
];
const MAX_OUTPUTS_BYTES = 1048576;
const MAX_LOGGED = 200;
const MAX_SAID = 500;
const MAX_PROBLEMS = 100;
/**
* The outputs of action.yml, all of them; '' is "unknown". Where they would pass GitHub's limit together, the longest are
* left empty and named in `dropped`.
*/
function outputsOf(report) {
	const { span, changed, status } = report;
	const outputs = {
		outcome: report.outcome,
		id: span.id ?? report.spanId ?? "",
		name: span.name ?? "",
		type: span.type ?? "",
		start_time: span.start_time ?? "",
		end_time: span.end_time ?? "",
		duration_ms: textOf(durationMsOf(span)),
		input: textOf(span.input),
		output: textOf(span.output),
		error: span.error ?? "",
		meta: textOf(span.meta),
		score: textOf(span.score),
		trace_id: span.trace_id ?? "",
		parent_id: span.parent_id ?? "",
		feedback_score: textOf(span.feedback?.score),
		feedback_comment: span.feedback?.comment ?? "",
		changed: textOf(changed),
		span: Object.keys(span).length > 0 ? JSON.stringify(span) : "",
		status: textOf(status)
	};
	const bytes = (name) => 2 * (name.length + outputs[name].length);
	let total = OUTPUTS.reduce((sum, name) => sum + bytes(name), 0);
	const dropped = [];
	for (const name of OUTPUTS.toSorted((a, b) => bytes(b) - bytes(a))) {
		if (total < MAX_OUTPUTS_BYTES) break;
		total -= bytes(name);
		outputs[name] = "";
		dropped.push(name);
	}
	return {
		outputs,
		dropped
	};
}
/** What the rows of a report are about. */
const ROWS_TITLES = {
	updated: "Recorded",
	read: "Value",
	"dry-run": "Would be recorded",
	skipped: "Not recorded",
	failed: "Not recorded"
};
const NOTHING = "(nothing)";
/**
* The fields that changed, before and after; all that were sent where the span was not read before, or that should have been
* sent; all that the span has where it was only read.
*/
function rowsOf({ outcome, patch, before, changed, span }) {
	const values = outcome === "failed" ? patch ?? {} : span;
	const recorded = changed ?? SPAN_FIELDS.filter((field) => patch && field in patch);
	return (outcome === "read" ? SPAN_FIELDS.filter((field) => textOf(span[field])) : recorded).map((field) => {
		const from = changed && before;
		if (field !== "meta") return {
			field,
			before: from && (textOf(from[field]) || NOTHING),
			after: textOf(values[field]) || NOTHING
		};
		const [old, now] = [from?.meta ?? {}, values.meta ?? {}];
		const changedKeys = Object.keys(now).filter((key) => !sameJson(old[key], now[key]));
		return {
			field,
			before: from && keysText(old),
			after: [keysText(now), ...familiesOf(changedKeys)].join(", ").replace(", ", ": ")
		};
	});
}
function keysText(meta) {
	const count = Object.keys(meta).length;
	return count === 1 ? "1 key" : `${count} keys`;
}
/** Keys, with those of one family in one: `vcs.owner.name` and `vcs.repository.name` are `vcs.*`. */
function familiesOf(keys) {
	return [...Map.groupBy(keys, (key) => key.split(".")[0])].map(([family, [key = "", ...others]]) => others.length > 0 ? `${family}.*` : key);
}
/** A few plain lines for the log: the span, what changed, how many requests and how long. */
function logOf(report) {
	const { outcome, span, patch, changed, requests, elapsedMs, dryRun, tests, gate } = report;
	const name = span.name ? ` "${inert(span.name, MAX_LOGGED)}"` : "";
	const effort = requests === 0 ? "nothing sent" : `${requests} ${requests === 1 ? "request" : "requests"}, ${elapsedMs} ms`;
	const rows = rowsOf(report).map(({ field, before, after }) => {
		return `  ${field}: ${before === void 0 ? "" : `${inert(before, MAX_LOGGED)} → `}${inert(after, MAX_LOGGED)}`;
	});
	const title = outcome === "updated" || outcome === "read" ? [] : [`${ROWS_TITLES[outcome]}:`];
	return [
		`Span${report.spanId ? ` ${inert(report.spanId)}` : ""}${name}: ${outcome} (${effort})`,
		...rows.length > 0 ? [...title, ...rows] : [],
		...changed?.length === 0 ? [`  ${UNCHANGED}`] : [],
		...span.feedback ? [`  human feedback: ${inert(feedbackText(span.feedback), MAX_LOGGED)}`] : [],
		...tests ? [`Results: ${countsText(tests)}`] : [],
		...dryRun ? [`Dry run of: ${inert(dryRun)}`] : [],
		...dryRun && patch ? [`Body: ${inert(JSON.stringify(patch), 2e4)}`] : [],
		...gate ? [`Gate: ${gateText(gate)}`] : []
	];
}
const UNCHANGED = "no field changed, the span had these values before";
/** `0.8: Friendly and right`; either half may be missing. */
function feedbackText({ score, comment }) {
	return [textOf(score), textOf(comment)].filter(Boolean).join(": ");
}
/** `83.3 % passed: 12 tests (junit), 10 passed, 1 failed, 1 errored, 0 skipped, in 3.2 s`; the rate is of those that ran. */
function countsText({ format, passed, failed, errored, skipped, durationMs }) {
	const ran = passed + failed + errored;
	const rounded = Math.round(passed / ran * 1e3) / 10;
	const rate = passed === 0 || passed === ran ? rounded : Math.min(Math.max(rounded, .1), 99.9);
	const duration = durationMs ? `, in ${durationMs / 1e3} s` : "";
	return `${rate} % passed: ${ran + skipped} tests (${format}), ${passed} passed, ${failed} failed, ${errored} errored, ${skipped} skipped${duration}`;
}
/** Whether the step passes the gate: there is a score, and it is not below the threshold. */
function passes({ minScore, score }) {
	return score !== void 0 && score >= minScore;
}
/** The gate in a sentence, with score and threshold. */
function gateText(gate) {
	const { minScore, score } = gate;
	if (score === void 0) return `min_score is ${minScore}, but there is no score to compare`;
	return passes(gate) ? `score ${score} reaches min_score ${minScore}` : `score ${score} is below min_score ${minScore}`;
}
/** What is wrong with the input: every problem a line, `name: what is wrong, what is expected`; of very many the first. */
function problemLines(problems) {
	const lines = problems.slice(0, MAX_PROBLEMS).map(({ name, message, found }) => {
		const quoted = found === void 0 ? "" : `"${inert(found, MAX_LOGGED)}" `;
		return `${inert(name)}: ${quoted}${inert(message)}`;
	});
	const more = problems.length - lines.length;
	return more > 0 ? [...lines, `and ${more} more`] : lines;
}
/** A failure of the API in a line: what was tried, what was said, what to do. */
function apiErrorLine({ message, said, hint }) {
	const words = said ? `: ${inert(said, MAX_SAID)}` : "";
	return `${inert(message)}${words}${/[.!?]$/.test(words) ? "" : "."}${hint ? ` ${hint}` : ""}`;
}
/** A value as text: '' for nothing, text as it is, anything else as JSON. */
function textOf(value) {
	if (value === void 0 || value === null) return "";
	return typeof value === "string" ? value : JSON.stringify(value);
}
// src/report/summary.ts
const MAX_LINE = 500;
const MAX_CELL = 300;
const MAX_META = 3e4;
const ICONS = {
	updated: "✅",
	read: "📖",
	"dry-run": "🧪",
	skipped: "⏭️",
	failed: "❌"
};
const MARKS = {
	error: "❌",
	warning: "⚠️",
	notice: "ℹ️"
};
const LEVELS = Object.keys(MARKS);
const BAR_LENGTH = 20;
const SQUARES = {
	passed: "🟩",
	failed: "🟥",
	errored: "🟧",
	skipped: "⬜"
};
/**
* The job summary as Markdown, below the 1 MiB that GitHub takes: what went wrong first, then the span, what changed on it,
* and the rest folded. Everything foreign stands in HTML blocks, in which Markdown is not read (CommonMark 0.31, section
* 4.6), with HTML's characters escaped, and inside `<code>` or `<pre>`, where GitHub makes no links of mentions, issues and
* addresses. Only a blank line would end such a block, and foreign text can make none.
*/
function summaryOf(report) {
	const { outcome, findings, gate, tests, patch } = report;
	const ranked = findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
	return [
		`### ${ranked[0] && ranked[0].level !== "notice" ? MARKS[ranked[0].level] : ICONS[outcome]} Opper span: ${outcome}${gate && !passes(gate) ? ", min_score missed" : ""}`,
		...ranked.map(findingBlock),
		...tablesOf(report),
		...tests && tests.failures.length > 0 ? [failuresOf(tests)] : [],
		...patch?.meta ? [details(`${ROWS_TITLES[outcome]}: meta`, JSON.stringify(patch.meta, null, 2))] : [],
		""
	].join("\n\n");
}
function findingBlock({ level, title, lines }) {
	const texts = lines.map((line) => code(line, MAX_LINE));
	return `<p>${[`${MARKS[level]} <b>${html(title)}</b>`, ...texts].join("<br>\n")}</p>`;
}
function factsOf({ spanId, span, gate, tests, links, dryRun }) {
	const id = spanId && code(spanId, MAX_CELL);
	const score = textOf(span.score);
	return [
		["Span", [span.name && code(span.name, MAX_CELL), id].filter(Boolean).join("<br>")],
		["Score", score && `<b>${code(score, MAX_CELL)}</b>`],
		["Gate", gate && `${passes(gate) ? "✅" : "❌"} ${html(gateText(gate))}`],
		["Human feedback", span.feedback ? code(feedbackText(span.feedback), MAX_CELL) : void 0],
		["Results", tests && `${barOf(tests)}<br>${html(countsText(tests))}`],
		["Not sent", dryRun && code(dryRun, MAX_CELL)],
		["Where", [links.job && link(links.job, "job"), links.run && link(links.run, "run")].filter(Boolean).join(" · ")]
	].filter((fact) => Boolean(fact[1]));
}
function tablesOf(report) {
	const facts = factsOf(report);
	const rows = rowsOf(report);
	const head = report.changed ? [
		"Field",
		"Before",
		"After"
	] : ["Field", ROWS_TITLES[report.outcome]];
	const body = rows.map(({ field, before, after }) => [
		code(field),
		...before === void 0 ? [] : [code(before, MAX_CELL)],
		code(after, MAX_CELL)
	]);
	return [
		...facts.length > 0 ? [table(facts)] : [],
		...rows.length > 0 ? [table(body, head)] : [],
		...report.changed?.length === 0 ? [`<p>${UNCHANGED}</p>`] : []
	];
}
/** The proportions as a bar of squares, a square at least for what happened at all. */
function barOf(tests) {
	const outcomes = Object.keys(SQUARES);
	const total = outcomes.reduce((sum, name) => sum + tests[name], 0);
	return outcomes.map((name) => SQUARES[name].repeat(Math.ceil(BAR_LENGTH * tests[name] / total))).join("");
}
function failuresOf({ failed, errored, failures }) {
	const count = failed + errored;
	return details((count === 1 ? "1 failure" : `${count} failures`) + (count > failures.length ? `, the first ${failures.length}` : ""), failures.map(lineOf).join("\n"));
}
function table(rows, head = []) {
	const line = (cells, tag) => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
	return [
		"<table>",
		...head.length > 0 ? [line(head, "th")] : [],
		...rows.map((row) => line(row, "td")),
		"</table>"
	].join("\n");
}
function details(title, text) {
	return `<details><summary>${title}</summary>\n<pre>${html(text, MAX_META)}</pre>\n</details>`;
}
function code(text, maxLength) {
	return `<code>${html(text, maxLength)}</code>`;
}
function link(url, text) {
	return `<a href="${html(url)}">${text}</a>`;
}
// src/run.ts
const SKIPPED = "GitHub withholds secrets from pull requests of forks and of Dependabot, so there is no API key and nothing was recorded";
const MAX_COMPARED = 500;
const UNREAD = "The job has failed, so the rest is recorded without it";
/**
* The whole step: mask, parse, read files, `GET` the span, `PATCH` it, check the answer; then outputs, log, summary, gate
* and annotations. Resolves to the exit code, which is 0 only where nothing failed.
*/
async function run(host) {
	const startedAt = host.now();
	const getInput = (name) => host.core.getInput(name, { trimWhitespace: false });
	mask(host, [getInput("api_key"), host.env.OPPER_API_KEY ?? ""]);
	const raw = rawInputsOf(getInput, host.env.OPPER_API_KEY);
	const redact = redactorOf(raw.api_key);
	const report = emptyReport(raw);
	let plan;
	try {
		plan = await readPlan({
			raw,
			context: host.context,
			files: host.files,
			now: new Date(startedAt)
		});
		report.tests = plan.tests;
		report.links = linksOf(host.context, plan.job);
		for (const line of problemLines(plan.unread)) warn(report, `${line}. ${UNREAD}`);
		if (plan.inputs.dryRun || plan.apiKey === "") rehearse(plan, report);
		else await carryOut(host, plan, report, redact);
	} catch (error) {
		report.outcome = "failed";
		report.findings.push(findingOf(error, plan, redact));
	}
	if (plan) openGate(plan, report);
	report.elapsedMs = host.now() - startedAt;
	return publish(host, withoutKey(report, redact), raw.summary.trim().toLowerCase() !== "false");
}
/** The report without the key in what may be foreign; what is the step's own, such as the outcome, stays. */
function withoutKey(report, redact) {
	const { outcome, changed } = report;
	const findings = report.findings.map((finding) => ({
		...finding,
		lines: redact(finding.lines)
	}));
	return {
		...redact(report),
		outcome,
		changed,
		findings
	};
}
/** Before anything else is done with them, and before anything is said. A secret of several lines is masked line by line. */
function mask({ core }, secrets) {
	const lines = secrets.flatMap((secret) => secret.split(/[\r\n]+/)).map((line) => line.trim());
	for (const line of new Set(lines)) if (line !== "") core.setSecret(line);
}
function emptyReport(raw) {
	return {
		outcome: "failed",
		spanId: spanIdOf(raw),
		span: {},
		before: void 0,
		patch: void 0,
		changed: void 0,
		requests: 0,
		status: void 0,
		elapsedMs: 0,
		findings: [],
		gate: void 0,
		tests: void 0,
		links: {},
		dryRun: void 0
	};
}
/** Notes on the report what would have been recorded, where nothing is sent. */
function rehearse({ inputs, spanId, recording }, report) {
	const patch = inputs.operation === "update" ? patchFor(recording) : void 0;
	report.patch = patch;
	report.span = {
		...spanId && { id: spanId },
		...withoutNulls(patch ?? {})
	};
	if (inputs.dryRun) {
		report.outcome = "dry-run";
		report.dryRun = `${patch ? "PATCH" : "GET"} ${urlOf(inputs.baseUrl, spanId)}`;
	} else {
		report.outcome = "skipped";
		report.findings.push({
			level: "notice",
			title: "Opper span: skipped",
			lines: [SKIPPED]
		});
	}
}
/** Makes the requests of the plan and notes on the report what came of each, so that a failure loses nothing. */
async function carryOut(host, plan, report, redact) {
	const { inputs, spanId, apiKey, recording } = plan;
	if (inputs.baseUrl.startsWith("https:")) for (const warning of await host.useProxy()) warn(report, warning);
	const client = createClient({
		baseUrl: inputs.baseUrl,
		apiKey,
		userAgent: `opper-span-action/${host.version}`,
		timeoutMs: inputs.timeoutMs,
		retries: inputs.retries,
		fetch: host.fetch,
		wait: host.wait,
		random: host.random,
		now: host.now,
		onRetry: (notice) => host.core.info(inert(redact(notice)))
	});
	try {
		if (inputs.operation === "get") {
			report.span = await client.getSpan(spanId);
			report.outcome = "read";
			return;
		}
		report.patch = patchFor(recording);
		if (needsStored(recording)) {
			report.before = await client.getSpan(spanId);
			report.patch = patchFor(recording, report.before);
		}
		const span = await client.updateSpan(spanId, report.patch);
		const feedback = span.feedback ?? report.before?.feedback;
		report.span = {
			...span,
			...feedback && { feedback }
		};
		report.changed = report.before && changesBetween(report.before, span);
		report.outcome = "updated";
		checkAnswer(report.patch, span, recording, report);
	} finally {
		report.requests = client.traffic.requests;
		report.status = client.traffic.status;
	}
}
/** Warns where the API answered success, but the span is not what was asked for. */
function checkAnswer(patch, span, recording, report) {
	for (const field of unstoredFields(patch, span, needsStored(recording))) {
		const [sent, stored] = field === "meta" && patch.meta && span.meta ? differenceOf(patch.meta, span.meta) : [patch[field], span[field]];
		const has = inert(textOf(stored), MAX_COMPARED) || "nothing";
		warn(report, sent === null ? `${field} was not cleared: the span still has ${has}` : `${field} was not stored as sent: sent ${inert(textOf(sent), MAX_COMPARED)}, the span has ${has}`);
	}
	if ((durationMsOf(span) ?? 0) < 0) warn(report, `end_time ${span.end_time} is before start_time ${span.start_time}`);
}
/** Compares the score on the span or, where nothing was written, the one that would have been. */
function openGate({ inputs: { minScore, scoreScale }, recording, tests }, report) {
	if (minScore === void 0) return;
	if (minScore > 0 && minScore < 1 && (scoreScale || tests)) warn(report, `min_score ${minScore} is compared with the recorded score, which is scaled: 80, not 0.8`);
	const planned = {
		...report.before,
		...patchFor(recording)
	}.score;
	const score = report.outcome === "updated" || report.outcome === "read" ? report.span.score : planned;
	report.gate = {
		minScore,
		score: score === void 0 || score === null ? void 0 : Number(textOf(score))
	};
	if (passes(report.gate)) return;
	report.findings.push({
		level: "error",
		title: "Opper span: gate",
		lines: [gateText(report.gate)]
	});
}
function warn(report, line) {
	report.findings.push({
		level: "warning",
		title: "Opper span",
		lines: [line]
	});
}
function findingOf(error, plan, redact) {
	if (error instanceof InputError) return {
		level: "error",
		title: "Opper span: bad input, nothing was sent",
		lines: problemLines(redact(error.problems))
	};
	if (error instanceof ApiError) return {
		level: plan?.inputs.failOnApiError === false ? "warning" : "error",
		title: "Opper span: API failure",
		lines: [apiErrorLine(error)]
	};
	return {
		level: "error",
		title: "Opper span: internal error",
		lines: [`This is a defect of the action, please report it: ${headlineOf$1(error)}`]
	};
}
/** Tells everything, each part whatever became of the one before. The report is free of the key. */
function publish({ core, appendSummary }, report, wantsSummary) {
	const findings = [...report.findings];
	const { outputs, dropped } = outputsOf(report);
	if (dropped.length > 0) {
		const line = `The outputs pass GitHub's limit of 1 MiB together; left empty: ${dropped.join(", ")}`;
		findings.push({
			level: "warning",
			title: "Opper span",
			lines: [line]
		});
	}
	try {
		for (const name of OUTPUTS) core.setOutput(name, outputs[name]);
	} catch (error) {
		const line = `The outputs could not be written, later steps do not get them: ${headlineOf$1(error)}`;
		findings.push({
			level: "error",
			title: "Opper span: outputs",
			lines: [line]
		});
	}
	for (const line of logOf(report)) core.info(line);
	if (wantsSummary) try {
		appendSummary(summaryOf({
			...report,
			findings
		}));
	} catch (error) {
		const line = `The job summary could not be written: ${headlineOf$1(error)}`;
		findings.push({
			level: "warning",
			title: "Opper span: summary",
			lines: [line]
		});
	}
	for (const { level, title, lines } of findings) core[level](lines.map((line) => inert(line)).join("\n"), { title });
	return findings.some(({ level }) => level === "error") ? 1 : 0;
}
function withoutNulls(patch) {
	return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null));
}
// src/index.ts
/** Whether there is a file, or something that cannot be looked at: reading it says why. */
function isFile(path) {
	try {
		return (0, node_fs.statSync)(path, { throwIfNoEntry: false })?.isFile() ?? false;
	} catch {
		return true;
	}
}
async function find(pattern) {
	if (isFile(pattern)) return [pattern];
	return (0, node_fs.globSync)(pattern).filter(isFile).map((path) => path.replaceAll(node_path.sep, "/")).sort();
}
function appendSummary(markdown) {
	const path = process.env.GITHUB_STEP_SUMMARY;
	if (!path) throw new Error("the runner gives no file for it (GITHUB_STEP_SUMMARY)");
	(0, node_fs.appendFileSync)(path, markdown);
}
/**
* Ends the process once what was printed is out. Left to itself it would live on with a connection that nobody waits for any
* more: one that is being made for ten seconds, one through a proxy that does not answer for ever.
*/
function exit(code) {
	process.stdout.write("", () => process.exit(code));
}
config({ jitless: true });
process.exitCode = 1;
run({
	core: {
		error,
		getInput,
		info,
		notice,
		setOutput,
		setSecret,
		warning
	},
	context,
	env: process.env,
	fetch,
	useProxy: () => useProxy(process.env, () => Promise.resolve(/* import() */).then(__nccwpck_require__.t.bind(__nccwpck_require__, 67, 23))),
	appendSummary,
	files: {
		find,
		read: (path) => (0, node_fs.createReadStream)(path)
	},
	now: Date.now,
	wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
	random: Math.random,
	version
}).then(exit, (thrown) => {
	error(headlineOf$1(thrown), { title: "Opper span: internal error" });
	exit(1);
});

module.exports = __webpack_exports__;
/******/ })()
;