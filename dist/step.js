/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

/***/ 406:
/***/ ((module) => {

"use strict";
module.exports = require("./against-baseline.js");

/***/ }),

/***/ 7:
/***/ ((module) => {

"use strict";
module.exports = require("./glob.js");

/***/ }),

/***/ 632:
/***/ ((module) => {

"use strict";
module.exports = require("./read-results.js");

/***/ }),

/***/ 766:
/***/ ((module) => {

"use strict";
module.exports = require("./shared.js");

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

/***/ 857:
/***/ ((module) => {

"use strict";
module.exports = require("os");

/***/ }),

/***/ 928:
/***/ ((module) => {

"use strict";
module.exports = require("path");

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
const require_tests = __nccwpck_require__(766);
let os = __nccwpck_require__(857);
os = __toESM(os, 1);
let crypto = __nccwpck_require__(982);
crypto = __toESM(crypto, 1);
let fs = __nccwpck_require__(896);
fs = __toESM(fs, 1);
let path = __nccwpck_require__(928);
path = __toESM(path, 1);
let node_net = __nccwpck_require__(30);
let node_buffer = __nccwpck_require__(573);
let node_crypto = __nccwpck_require__(598);
let node_fs = __nccwpck_require__(24);
let node_path = __nccwpck_require__(760);
let node_os = __nccwpck_require__(161);
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
// src/files.ts
const MAX_BYTES = 33554432;
const MAX_BEGINNING = 200;
const UTF_16 = "is UTF-16, which older PowerShells write. Write it as UTF-8";
const NOT_UTF_8 = {
	"504b": "is a ZIP archive, as a log of Inspect (.eval) is. Unpack it, or let Inspect write JSON (--log-format json)",
	fffe: UTF_16,
	feff: UTF_16
};
const REASONS = {
	ENOENT: "no such file",
	EISDIR: "it is a directory",
	EACCES: "permission denied"
};
function whyUnread(error) {
	return REASONS[require_tests.codeOf(error)] ?? require_tests.headlineOf(error);
}
async function readText(files, path) {
	const text = (await Array.fromAsync(readTextPieces(files, path, MAX_BYTES))).join("");
	beginningOf(text);
	return text;
}
async function openText(files, path) {
	const rest = readTextPieces(files, path);
	const first = [];
	let text = "";
	let length = 0;
	try {
		while (text.length < MAX_BEGINNING && length < 33554432) {
			const { value, done } = await rest.next();
			if (done) break;
			first.push(value);
			length += value.length;
			text = (text + value).trimStart();
		}
		const pieces = chain(first, rest);
		return {
			beginning: beginningOf(text),
			pieces,
			[Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]()
		};
	} catch (error) {
		await rest.return();
		throw error;
	}
}
async function* chain(first, rest) {
	yield* first;
	yield* rest;
}
function beginningOf(text) {
	const [line] = /\S[^\r\n]{0,80}/.exec(text) ?? [];
	if (line === void 0) throw new require_tests.FormError("is empty");
	const beginning = require_tests.cut(line, 80);
	if (/^(?:[>$] |yarn run )/.test(beginning)) throw new require_tests.FormError(`begins with what npm prints, ${require_tests.quoted(beginning)}. Run the tool with npm run --silent, or let it write the file itself (--outputFile)`);
	return beginning;
}
function tooLarge(maxBytes) {
	return new require_tests.FormError(`is larger than ${require_tests.mibText(maxBytes)}, the limit. Shorten it`);
}
async function* readTextPieces(files, path, maxBytes = Number.POSITIVE_INFINITY) {
	const decoder = new TextDecoder("utf-8", { fatal: true });
	let start = "";
	let size = 0;
	try {
		for await (const bytes of files.read(path)) {
			start ||= Buffer.from(bytes.subarray(0, 2)).toString("hex");
			size += bytes.length;
			if (size > maxBytes) throw tooLarge(maxBytes);
			yield decoder.decode(bytes, { stream: true });
		}
		yield decoder.decode();
	} catch (error) {
		if (error instanceof require_tests.FormError) throw error;
		if (require_tests.codeOf(error) !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw new require_tests.FormError(`cannot be read: ${whyUnread(error)}`);
		throw new require_tests.FormError(NOT_UTF_8[start] ?? "is not UTF-8. Write it as UTF-8");
	}
}
// src/host/node-files.ts
const nodeFiles = {
	async find(pattern, excludes = []) {
		const isLiteral = isThere(pattern);
		if (!isLiteral && !isPattern(pattern)) return [];
		if (isLiteral) checkFile(pattern);
		if (isLiteral && excludes.length === 0) return [realPathOf(pattern)];
		const paths = await glob([isLiteral ? escaped$1((0, node_path.resolve)(pattern)) : pattern, ...excludes]);
		return [...new Set(paths.map(realPathOf))].sort();
	},
	async *read(path) {
		checkFile(path);
		yield* (0, node_fs.createReadStream)(path);
	},
	modifiedMs
};
function modifiedMs(path) {
	return statsOf(path)?.mtimeMs;
}
const ADVICE$1 = "Begin it with a folder of the workspace, or with the root of the disk";
async function glob(lines) {
	const { create } = await Promise.resolve().then(() => __nccwpck_require__(7));
	const search = async (links) => {
		const options = {
			implicitDescendants: false,
			matchDirectories: false,
			...links
		};
		return (await create(lines.join("\n"), options)).glob();
	};
	try {
		return await search({ omitBrokenSymbolicLinks: false }).catch(async (error) => {
			if (!error.message.includes("broken symbolic link")) throw error;
			const entries = await search({ followSymbolicLinks: false });
			return [...await search({}), ...entries.filter((entry) => !(0, node_fs.existsSync)(entry))];
		});
	} catch (error) {
		const { path, message } = error;
		if (path === void 0) throw new require_tests.FormError(`is not a pattern: ${message} ${ADVICE$1}`);
		throw new require_tests.FormError(`cannot be searched: ${whyUnread(error)}, ${realPathOf(path)}`);
	}
}
function escaped$1(path) {
	return (node_path.sep === "/" ? path.replaceAll("\\", "\\\\") : path).replaceAll(/[*?[]/g, "[$&]");
}
const isPattern = (line) => /[*?[]|^~/.test(line);
function isThere(path) {
	try {
		return (0, node_fs.lstatSync)(path, { throwIfNoEntry: false }) !== void 0;
	} catch {
		return !isPattern(path);
	}
}
function checkFile(path) {
	const stats = statsOf(path);
	if (stats && !stats.isFile()) throw new require_tests.FormError(notAFile(stats));
}
function statsOf(path) {
	try {
		return (0, node_fs.statSync)(path);
	} catch {
		return;
	}
}
function notAFile(stats) {
	if (stats.isDirectory()) return "is a directory. Name a file in it";
	if (stats.isFIFO()) return "is a named pipe, expected a file";
	return `is a ${stats.isSocket() ? "socket" : "device"}, expected a file`;
}
function realPathOf(path) {
	let real = (0, node_path.resolve)(path);
	try {
		real = node_fs.realpathSync.native(path);
	} catch {}
	const inside = (0, node_path.relative)(node_fs.realpathSync.native("."), real);
	return (inside.startsWith("..") || (0, node_path.isAbsolute)(inside) ? real : inside).replaceAll(node_path.sep, "/");
}
// src/host/event-file.ts
const LOST = "Branch and pull request are not recorded";
const jobBeganMs = jobBeganMsOf(process.env.GITHUB_EVENT_PATH);
const eventProblem = eventProblemOf(process.env.GITHUB_EVENT_PATH);
if (eventProblem !== void 0) delete process.env.GITHUB_EVENT_PATH;
function jobBeganMsOf(path) {
	const times = path ? [path, (0, node_path.dirname)(path)].map(modifiedMs).filter((time) => time !== void 0) : [];
	return times.length > 0 ? Math.min(...times) : void 0;
}
function eventProblemOf(path) {
	if (!path) return void 0;
	try {
		if (require_tests.isJsonObject(JSON.parse((0, node_fs.readFileSync)(path, "utf8")))) return void 0;
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
var repository = "github:OWNER/opper-span-action";
// src/api/attempt-failure.ts
var LastingError = class extends Error {
	advice;
	constructor(message, advice = "Check that base_url is the address of the Opper API.") {
		super(message);
		this.advice = advice;
	}
};
var ProxyError = class extends Error {
	status;
	code;
	constructor({ status, cause }) {
		super(status === void 0 ? "no connection through the proxy" : `the proxy returned ${status}`, { cause });
		this.status = status;
		this.code = require_tests.codeOf(cause);
	}
};
function failureText(thrown, timeoutMs) {
	if (isTimeout(thrown)) return `got no complete response within ${require_tests.secondsText(timeoutMs)}`;
	return `failed: ${reasonOf(thrown)}`;
}
function failureAdvice(thrown) {
	if (thrown instanceof LastingError) return thrown.advice;
	if (isTimeout(thrown)) return "Raise timeout_seconds, or check the network of the runner.";
	if (thrown instanceof ProxyError && thrown.status === 407) return "The proxy needs a user and password, or rejected those it got. Set HTTPS_PROXY in the env of the step to http://USER:PASSWORD@HOST:PORT, from a secret.";
	if (/TLS: (wrong version number|packet length too long)/.test(reasonOf(thrown))) return "The server or proxy does not use TLS on that port. Check scheme and port in base_url and HTTPS_PROXY.";
	if (thrown instanceof ProxyError && thrown.status !== void 0) return "The proxy did not connect to the host of base_url. Check base_url, and that the proxy allows that host.";
	const code = require_tests.codeOf(thrown);
	if (/ALTNAME_INVALID|HOSTNAME_MISMATCH/.test(code)) return `The certificate is for another host. Check ${thrown instanceof ProxyError ? "HTTPS_PROXY" : "base_url"}.`;
	if (/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/.test(code)) return "The server needs a certificate that is valid now, or the clock of the runner is wrong.";
	if (isCertificateCode(code)) return "The certificate is not trusted on this runner. For a private CA, set NODE_EXTRA_CA_CERTS in the env of the step to the path of its PEM file.";
	if (thrown instanceof ProxyError) return "Check HTTPS_PROXY in the env of the step (scheme, host, port) and the network of the runner.";
	return "Check base_url (scheme, host, port) and the network of the runner. Behind a proxy, check HTTPS_PROXY in the env of the step too.";
}
function isWorthRetrying(thrown) {
	if (thrown instanceof ProxyError && thrown.status === 407) return false;
	return !(thrown instanceof LastingError || isCertificateCode(require_tests.codeOf(thrown)));
}
function reasonOf(thrown) {
	const headline = require_tests.headlineOf(thrown);
	if (thrown instanceof ProxyError && thrown.cause) return `${headline}: ${reasonOf(thrown.cause)}`;
	if (headline === "socket hang up") return "the connection was closed before a response came";
	if (headline === "aborted") return "the connection was closed in the middle of the response";
	if (require_tests.codeOf(thrown) === "HPE_HEADER_OVERFLOW") return "the response headers are too long";
	return headline.replace("Parse Error: ", "the response is not HTTP: ").replace(/.*:SSL routines:[^:]*:([^:]+):.*/s, "TLS: $1");
}
function isTimeout(thrown) {
	return thrown instanceof Error && thrown.name === "TimeoutError";
}
function isCertificateCode(code) {
	return /CERT|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH/.test(code) && !code.startsWith("ERR_SSL_");
}
// src/api/content.ts
const TOO_LARGE = {
	body: "",
	problem: `is larger than ${require_tests.mibText(MAX_BYTES)}`
};
async function contentOf(incoming) {
	const coding = (incoming.headers["content-encoding"] ?? "").split(",").map((name) => name.trim()).filter((name) => !/^(identity)?$/i.test(name)).join(", ");
	const bytes = await bytesOf(incoming);
	if (bytes === void 0) return TOO_LARGE;
	if (bytes.length === 0 || coding === "") return contentIn(bytes);
	try {
		const unpacked = unpack(bytes, coding.toLowerCase());
		return unpacked ? contentIn(unpacked) : contentIn(bytes, coding);
	} catch (error) {
		if (require_tests.codeOf(error) === "ERR_BUFFER_TOO_LARGE") return TOO_LARGE;
		return {
			body: "",
			problem: `cannot be decompressed (${coding}: ${require_tests.headlineOf(error)})`
		};
	}
}
function contentIn(bytes, unknownCoding) {
	const isText = (0, node_buffer.isUtf8)(bytes);
	return {
		body: isText || unknownCoding === void 0 ? bytes.toString() : "",
		...require_tests.defined({
			problem: isText ? void 0 : "is not UTF-8",
			unknownCoding
		})
	};
}
async function bytesOf(incoming) {
	const chunks = [];
	let size = 0;
	for await (const chunk of incoming) {
		size += chunk.length;
		if (size > 33554432) return void 0;
		chunks.push(chunk);
	}
	return Buffer.concat(chunks, size);
}
function unpack(bytes, coding) {
	const zlib = process.getBuiltinModule("node:zlib");
	const limit = { maxOutputLength: MAX_BYTES };
	switch (coding) {
		case "gzip":
		case "x-gzip": return zlib.gunzipSync(bytes, limit);
		case "deflate": return (bytes.readUInt8() & 15) === 8 ? zlib.inflateSync(bytes, limit) : zlib.inflateRawSync(bytes, limit);
		case "br": return zlib.brotliDecompressSync(bytes, limit);
		default: return;
	}
}
// src/loopback.ts
function isLoopback(hostname) {
	return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
// src/api/proxy.ts
const PROXY_VARIABLES = ["https_proxy", "HTTPS_PROXY"];
function proxyFor(target, env) {
	const name = PROXY_VARIABLES.find((variable) => env[variable]?.trim());
	if (!name || isLoopback(target.hostname) || isExempt(target, env.no_proxy || env.NO_PROXY)) return void 0;
	const [, scheme = "http", login = "", address] = /(?:([a-z][a-z\d+.-]*):\/\/)?(?:(.*)@)?(.*)/is.exec(`${env[name]}`.trim()) ?? [];
	if (/^socks/i.test(scheme)) throw new LastingError(`${name} names a SOCKS proxy, and only HTTP proxies work`, SET_ADDRESS);
	const [reserved] = /[#/?\\]/.exec(login) ?? [];
	if (reserved) {
		const written = `%${Buffer.from(reserved).toString("hex").toUpperCase()}`;
		throw new LastingError(`${name} has a ${reserved} before its last @`, `In a user or password, write ${written} for it.`);
	}
	const url = URL.parse(`${scheme}://${address}`);
	if (!url || !["http:", "https:"].includes(url.protocol)) throw new LastingError(`${name} is not the address of an HTTP proxy`, SET_ADDRESS);
	return {
		protocol: url.protocol,
		hostname: unbracketed(url.hostname),
		port: url.port,
		authorization: authorizationFor(login)
	};
}
const SET_ADDRESS = "Set it to the address of an HTTP proxy, such as http://proxy.example:3128.";
function authorizationFor(login) {
	const credentials = unescaped(login.includes(":") ? login : `${login}:`);
	return credentials === ":" ? void 0 : `Basic ${Buffer.from(credentials).toString("base64")}`;
}
function unescaped(text) {
	return text.replace(/(?:%[\da-f]{2})+/gi, (run) => {
		try {
			return decodeURIComponent(run);
		} catch {
			return run;
		}
	});
}
function isExempt({ hostname, port }, list) {
	const names = [
		hostname,
		unbracketed(hostname),
		`${hostname}:${port || 443}`
	];
	return (list?.toLowerCase().split(/[\s,]/).filter(Boolean))?.some((entry) => {
		const suffix = `.${entry.replace(/^\*?\./, "")}`;
		return entry === "*" || names.some((name) => `.${name}`.endsWith(suffix));
	});
}
function unbracketed(hostname) {
	return hostname.replace(/[[\]]/g, "");
}
function tunnelAgent({ protocol, hostname, port, authorization }, { keepAlive, timeoutMs }) {
	const https = process.getBuiltinModule("node:https");
	const { request } = protocol === "http:" ? process.getBuiltinModule("node:http") : https;
	class TunnelAgent extends https.Agent {
		createConnection(options, done) {
			const target = `${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
			const connect = {
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
				signal: AbortSignal.timeout(timeoutMs),
				autoSelectFamilyAttemptTimeout: options.autoSelectFamilyAttemptTimeout
			};
			request(connect).once("connect", ({ statusCode: status }, socket) => {
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
	return new TunnelAgent({ keepAlive });
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
	let keepAlive = true;
	let agent;
	function newAgent() {
		const proxy = proxyFor(base, env);
		return proxy ? tunnelAgent(proxy, {
			keepAlive,
			timeoutMs
		}) : new http.Agent({ keepAlive });
	}
	async function fetch(url, init) {
		const signal = AbortSignal.timeout(timeoutMs);
		if (!agent || init.isRetry) agent = newAgent();
		try {
			return await responseOf(await request(url, init, signal));
		} catch (error) {
			if (isReset(error)) stopKeeping();
			throw signal.aborted ? signal.reason : error;
		}
	}
	function stopKeeping() {
		keepAlive = false;
		agent = newAgent();
	}
	async function request(url, init, signal, addressMs) {
		const headers = {
			...Object.fromEntries(init.headers),
			"accept-encoding": "identity"
		};
		const options = {
			agent,
			signal,
			method: init.method,
			headers,
			autoSelectFamilyAttemptTimeout: addressMs
		};
		let bytesBefore = 0;
		const sent = http.request(url, options).once("socket", ({ bytesRead }) => {
			bytesBefore = bytesRead;
		});
		try {
			return await responseTo(sent.end(init.body));
		} catch (error) {
			if (addressMs === void 0 && hasUnansweredAddresses(error)) return request(url, init, signal, timeoutMs / 2);
			if (!(sent.reusedSocket && sent.socket?.bytesRead === bytesBefore && isReset(error)) || init.method === "POST") throw error;
			stopKeeping();
			return request(url, init, signal);
		}
	}
	return {
		fetch,
		Headers
	};
}
function responseTo(sent) {
	return new Promise((resolve, reject) => {
		let interimResponses = 0;
		sent.on("information", () => {
			if (++interimResponses <= MAX_INTERIM_RESPONSES) return;
			sent.destroy(new LastingError(`more than ${MAX_INTERIM_RESPONSES} interim responses (1xx) came`));
		}).once("upgrade", ({ statusCode }, socket) => {
			socket.destroy();
			reject(new LastingError(`the server wants to switch protocols (${statusCode})`));
		}).once("response", resolve).on("error", reject);
	});
}
function isReset(error) {
	return /ECONNRESET|EPIPE/.test(require_tests.codeOf(error));
}
function hasUnansweredAddresses(thrown) {
	const error = thrown instanceof ProxyError ? thrown.cause : thrown;
	return error instanceof AggregateError && error.errors.some((each) => require_tests.codeOf(each) === "ETIMEDOUT");
}
async function responseOf(incoming) {
	const { statusCode: status = 0, statusMessage: statusText = "", headers } = incoming;
	if (status < 200 || status > 599) {
		incoming.destroy();
		throw new LastingError(`${status} is not an HTTP status`);
	}
	const content = await contentOf(incoming);
	return {
		status,
		statusText,
		location: headers.location,
		retryAfter: headers["retry-after"],
		...content,
		text: async () => content.body
	};
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
	jobBeganMs,
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
	version,
	docs: `https://github.com/${repository.replace("github:", "")}/blob/v${version}/docs/troubleshooting.md`
};
// src/job.ts
const RESULT_FACT = "cicd.pipeline.task.run.result";
function isBadEnd(outcome) {
	return outcome === "failure" || outcome === "cancelled";
}
function jobOf(context, inputs) {
	const { job_status: status } = inputs;
	const links = linksOf(context, inputs);
	const name = `${context.job}${matrixText(inputs.job_matrix)}`;
	const ending = status === "failure" ? "failed" : "was cancelled";
	const where = `${context.workflow ? ` in workflow ${context.workflow}` : ""}${links.job ? `: ${links.job}` : ""}`;
	return {
		status,
		endedBadly: isBadEnd(status),
		error: isBadEnd(status) ? `${context.job ? `Job ${name}` : "The job"} ${ending}${where}` : void 0,
		facts: factsOf(context, inputs, links),
		links,
		title: require_tests.present([context.workflow, context.job && name]).join(" / ") || "GitHub Actions job",
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
		[RESULT_FACT]: status === "cancelled" ? "cancellation" : status,
		"vcs.provider.name": repo && "github",
		"vcs.owner.name": repo?.owner,
		"vcs.repository.name": repo?.name,
		"vcs.repository.url.full": repo?.url,
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
	const { url } = repo;
	const run = `${url}/actions/runs/${runId}`;
	const { revision } = refsOf(context).head;
	return {
		run,
		job: id ? `${run}/job/${id}` : run,
		...revision && { commit: `${url}/commit/${revision}` }
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
		head: branchRef(labelOf(pull.head.ref, pull.head.repo, pull.base?.repo), pull.head.sha),
		base: branchRef(pull.base?.ref, pull.base?.sha),
		change: pull
	};
	if (group) return {
		head: refOf(group.head_ref, group.head_sha),
		base: refOf(group.base_ref, group.base_sha)
	};
	if (trigger) {
		const change = trigger.pull_requests?.[0];
		const isBranch = /pull_request|schedule/.test(trigger.event) || trigger.head_branch && trigger.head_branch === payload.repository?.default_branch;
		return {
			head: {
				name: labelOf(trigger.head_branch, trigger.head_repository, payload.repository),
				type: isBranch ? "branch" : void 0,
				revision: trigger.head_sha
			},
			...change && {
				base: branchRef(change.base?.ref, change.base?.sha),
				change
			}
		};
	}
	return { head: refOf(ref, sha) };
}
function labelOf(name, head, own) {
	if (!name || head && head.full_name === own?.full_name) return name;
	return `${head?.full_name?.split("/")[0] ?? "unknown"}:${name}`;
}
function branchRef(name, revision) {
	return {
		name,
		type: "branch",
		revision
	};
}
function refOf(ref, revision) {
	const [, kind, name] = /^refs\/(heads|tags)\/(.+)/s.exec(`${ref}`) ?? [];
	if (!kind) return { revision };
	return {
		name,
		type: kind === "tags" ? "tag" : "branch",
		revision
	};
}
function repoOf(context) {
	try {
		const { owner, repo: name } = context.repo;
		return owner && name ? {
			owner,
			name,
			url: `${context.serverUrl}/${owner}/${name}`
		} : void 0;
	} catch {
		return;
	}
}
function idOf(number) {
	return Number.isInteger(number) ? String(number) : void 0;
}
function matrixText(matrix) {
	const values = plainValuesIn(matrix ?? null).join(", ");
	return values && ` (${values})`;
}
function plainValuesIn(json) {
	if (typeof json === "object" && json !== null) return Object.values(json).flatMap(plainValuesIn);
	return json === null || json === "" ? [] : [String(json)];
}
function known(facts) {
	const isKnown = ([, value]) => ![
		void 0,
		"null",
		"\"\"",
		"{}"
	].includes(JSON.stringify(value));
	return Object.fromEntries(Object.entries(facts).filter(isKnown));
}
// src/plan/recording.ts
const EMPTY_RECORDING = {
	fields: {},
	clear: [],
	lacksScore: false,
	keepsMeta: true,
	fallbackError: void 0,
	gate: void 0,
	isOwn: false
};
function withFailure(facts) {
	return facts["cicd.pipeline.task.run.result"] === "success" ? {
		...facts,
		[RESULT_FACT]: "failure"
	} : facts;
}
// src/plan/track.ts
const Tracked = require_tests.object({
	id: require_tests.string(),
	exists: require_tests.boolean(),
	start_time: require_tests.optional(require_tests.string()),
	sent: require_tests.array(require_tests.string()),
	given: require_tests.array(require_tests.string())
});
function beforeResponse(tracked) {
	return {
		...tracked,
		exists: false,
		sent: []
	};
}
function parseTracked(state) {
	try {
		return require_tests.parse(Tracked, JSON.parse(state));
	} catch {
		throw new Error("STATE_tracked is not what the start of the job saved, so the end cannot be recorded. Only the step may set it.");
	}
}
function atStart({ fields, keepsMeta }, now) {
	const { score, error, output, end_time, ...known } = fields;
	const sent = {
		start_time: now.toISOString(),
		...known
	};
	return {
		...EMPTY_RECORDING,
		fields: sent,
		keepsMeta,
		isOwn: true
	};
}
function atEnd(recording, tracked, now) {
	const { start_time, sent, given } = tracked;
	const fields = {
		end_time: now.toISOString(),
		...recording.fields,
		...require_tests.defined({ start_time })
	};
	const unsent = Object.entries(fields).filter(([name]) => name === "meta" || !sent.includes(name));
	return {
		...recording,
		fields: Object.fromEntries(unsent),
		isOwn: !given.includes("span_id")
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
function isTransientStatus(status) {
	return [
		408,
		425,
		429
	].includes(status) || status >= 500;
}
function isRetriedStatus(status) {
	return isTransientStatus(status) && ![501, 505].includes(status);
}
function waitBefore(retry, askedMs, random) {
	return Math.max(random * Math.min(FIRST_WAIT_MS * 2 ** (retry - 1), MAX_WAIT_MS), askedMs ?? 0);
}
function isTooLong(askedMs) {
	return (askedMs ?? 0) > MAX_RETRY_AFTER_MS;
}
function retryAfterMs(header, now) {
	if (header && /^\d+$/.test(header)) return Number(header) * 1e3;
	const date = header?.endsWith(" GMT") ? Date.parse(header) : NaN;
	return Number.isNaN(date) ? void 0 : Math.max(date - now, 0);
}
// src/api/response.ts
const MAX_DEPTH = 1100;
const MAX_SERVER_MESSAGE = 500;
function readResponse(response, schema, call, attempts, now) {
	const { status, location, body, problem, unknownCoding } = response;
	if (status >= 400) throw refusal(response, call, attempts, now);
	const coding = unknownCoding === void 0 ? "" : ` (Content-Encoding: ${require_tests.cut(unknownCoding, 100)})`;
	const looked = call.wasLookedFor ? " (and a lookup did not find it)" : "";
	const unusable = (reason, serverMessage = "") => apiError(call, `${responseText(response)}${coding}${looked}${reason}`, {
		serverMessage,
		status,
		attempts,
		advice: isHtml(body) ? CHECK_URL_OR_GATEWAY : CHECK_URL,
		isTransient: false
	});
	if (status >= 300) throw unusable(location === void 0 ? `, but without ${call.wanted}` : `${targetText(location, call.url)}, but redirects are not followed, so that the key stays with base_url`);
	if (problem !== void 0) throw unusable(`, but the body ${problem}`);
	if (body.trim() === "") throw unusable(`, but with an empty body, expected ${call.wanted}`);
	const json = jsonOf(body, unusable);
	const parsed = require_tests.safeParse(schema, unwrapped(json));
	if (parsed.success) {
		const { id } = parsed.data;
		if (call.id === void 0 || id.toLowerCase() === call.id.toLowerCase()) return parsed.data;
		throw unusable(`, but with a different ${call.wanted.replace(/the |a /, "")} than requested`, id);
	}
	const problems = require_tests.isJsonObject(json) ? parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") : "";
	throw unusable(`, but with ${require_tests.kindOf(json)} that is not ${call.wanted}`, problems);
}
function responseText({ status, statusText }) {
	return `returned ${`${status} ${require_tests.cut(statusText, 100)}`.trim()}`;
}
function attemptsText(attempts, { wasLookedFor }) {
	const times = attempts === 1 ? "tried once" : `tried ${attempts} times`;
	return wasLookedFor ? `${times}, and a lookup did not find it` : times;
}
function apiError({ method, url }, reason, { serverMessage = "", ...details }) {
	const shown = require_tests.cut(require_tests.cut(serverMessage, 4 * MAX_SERVER_MESSAGE).replace(/\s+/g, " ").trim(), MAX_SERVER_MESSAGE);
	return new require_tests.ApiError(`${method} ${url} ${reason}${shown ? `: ${shown}` : ""}`, details);
}
function refusal(response, call, attempts, now) {
	const { status, statusText, body } = response;
	const serverMessage = messageIn(body);
	return apiError(call, `${responseText(response)} (${attemptsText(attempts, call)})`, {
		serverMessage: serverMessage.trim() === statusText ? "" : serverMessage,
		status,
		attempts,
		advice: adviceFor(response, call, now),
		isTransient: isTransientStatus(status) || status === 409 && call.method === "POST"
	});
}
const CHECK_URL = "Check that base_url is the address of the Opper API, with its /v2.";
const CHECK_URL_OR_GATEWAY = "Check that base_url is the address of the Opper API, with its /v2, and that no gateway in front of it challenges this runner.";
const UNCLEAR = "If that does not say what is wrong, check that base_url is the address of the Opper API, with its /v2.";
const OUTAGE = "The API has a problem. Run the job again later. With fail_on_api_error: false the job stays green.";
const ADVICE = {
	401: "Check the secret behind api_key or OPPER_API_KEY.",
	408: "Run the job again later.",
	409: "Another job may have changed the span at the same time. Run the job again.",
	413: "Record less: shorten output, input, error or meta.",
	421: "This server does not serve that host. Check base_url, and the proxy if there is one.",
	422: "Correct the fields it names.",
	425: "Run the job again later.",
	429: "Raise retries, or run fewer of these steps at once."
};
function adviceFor({ status, retryAfter, body }, { method, ifNotFound }, now) {
	const askedMs = retryAfterMs(retryAfter, now);
	if (isRetriedStatus(status) && isTooLong(askedMs)) return `It asks to wait ${require_tests.secondsText(askedMs)} (Retry-After), longer than the step waits. Run the job again after that.`;
	if (status === 403) return forbiddenAdvice(body);
	if (status === 404) return ifNotFound;
	if (status === 409 && method === "POST") return "The API says that it already exists. Run the job again.";
	const otherwise = status >= 500 ? OUTAGE : UNCLEAR;
	return ADVICE[status] ?? otherwise;
}
function forbiddenAdvice(body) {
	if (body.trim() === "") return "Check the permissions and the project of the key, and whether a gateway in front of the API blocks this runner.";
	return jsonOrUndefined(body) !== void 0 ? "The key is valid, but lacks the permission for this. Check its permissions and its project." : "That is not from the API: a gateway in front of it blocks this runner. Ask whoever runs the gateway to allow the address of this runner.";
}
function targetText(location, url) {
	const hostIn = (address) => /^(?:[a-z][a-z\d+.-]*:)?[\\/]{2}(?:[^\\/?#]*@)?([^\\/?#]*)/i.exec(address)?.[1];
	const host = hostIn(location.trim()) ?? hostIn(url);
	return host ? ` to ${require_tests.cut(host, 200)}` : "";
}
function jsonOf(body, unusable) {
	try {
		return require_tests.parseExactJson(body, MAX_DEPTH);
	} catch (error) {
		if (!(error instanceof require_tests.FormError)) throw error;
		throw unusable(isHtml(body) ? ", but with an HTML page" : `, but the body ${error.message}. It begins`, messageIn(body));
	}
}
function unwrapped(json) {
	return require_tests.isJsonObject(json) && json.id === void 0 && require_tests.isJsonObject(json.data) ? json.data : json;
}
function isHtml(body) {
	return /^\s*<(!doctype html|html)\b/i.test(body);
}
function messageIn(body) {
	if (isHtml(body)) return /<title[^>]*>([^<]*)/i.exec(body)?.[1] ?? "";
	const json = jsonOrUndefined(body);
	return json === void 0 ? body : messageInJson(json);
}
function jsonOrUndefined(body) {
	try {
		return require_tests.parseJson(body);
	} catch {
		return;
	}
}
function messageInJson(json) {
	if (!require_tests.isJsonObject(json)) return json === null ? "null" : require_tests.textOf(json);
	const { message, detail } = json;
	const details = require_tests.present((Array.isArray(detail) ? detail : [detail]).map(detailText));
	if (details.length > 0) return details.join("; ");
	return typeof message === "string" ? message : JSON.stringify(json);
}
function detailText(detail) {
	if (!require_tests.isJsonObject(detail) || typeof detail.msg !== "string") return require_tests.textOf(detail);
	const { loc, msg } = detail;
	return Array.isArray(loc) ? `${loc.map(require_tests.textOf).join(".")}: ${msg}` : msg;
}
// src/api/sender.ts
var Sender = class {
	traffic = {
		requests: 0,
		status: void 0
	};
	#options;
	#hold;
	#fetch;
	constructor(options) {
		this.#options = options;
		this.#fetch = createFetch(options.transport).raw;
	}
	async send(call, tries) {
		for (let number = 1;; number++) {
			const attempt = await this.attempt(call, number, tries);
			if (!(!call.isTriedOnce && isRetried(attempt) || call.isNew && attempt.response?.status === 404) || !await this.waitForRetry(attempt, call, tries)) return attempt;
		}
	}
	async attempt(call, number, tries) {
		const { apiKey, userAgent } = this.#options;
		for (let hold; hold !== this.#hold;) {
			hold = this.#hold;
			await hold;
		}
		this.traffic.requests++;
		try {
			const response = await this.#fetch(call.url, {
				method: call.method,
				headers: {
					accept: "application/json",
					authorization: `Bearer ${apiKey}`,
					"user-agent": userAgent
				},
				body: call.body,
				isRetry: tries.used > 0,
				responseType: "text",
				retry: false,
				ignoreResponseError: true
			});
			this.traffic.status = response.status;
			return {
				number,
				response
			};
		} catch (error) {
			if (!(error instanceof FetchError)) throw error;
			return {
				number,
				thrown: error.cause
			};
		}
	}
	read(last, schema, call) {
		const { number: attempts, response, thrown } = last;
		if (response) return readResponse(response, schema, call, attempts, this.#options.now());
		const reason = `${this.#reasonOf(last)} (${attemptsText(attempts, call)})`;
		const isTransient = isWorthRetrying(thrown);
		throw apiError(call, reason, {
			attempts,
			advice: failureAdvice(thrown),
			isTransient
		});
	}
	async waitForRetry(failed, call, tries) {
		const { retries, now } = this.#options;
		const askedMs = retryAfterMs(failed.response?.retryAfter, now());
		if (tries.used >= retries || isTooLong(askedMs)) return false;
		await this.waitFor(`attempt ${tries.used + 2} of ${retries + 1}`, failed, call, tries, askedMs);
		return true;
	}
	async waitFor(next, failed, call, tries, askedMs) {
		tries.used++;
		const ms = waitBefore(tries.used, askedMs, this.#options.random());
		const reason = `${this.#reasonOf(failed)}${isSuccess(failed) ? `, but without ${call.wanted}` : ""}`;
		this.#options.onRetry(`${call.method} ${reason}; ${next} in ${require_tests.secondsText(ms)}`);
		const wait = this.#options.wait(ms);
		if (failed.response?.status === 429) this.#hold = Promise.allSettled([this.#hold, wait]);
		await wait;
	}
	#reasonOf({ response, thrown }) {
		return response ? responseText(response) : failureText(thrown, this.#options.timeoutMs);
	}
};
function isRetried({ response, thrown }) {
	return response ? isRetriedStatus(response.status) : isWorthRetrying(thrown);
}
function isSuccess({ response }) {
	return response !== void 0 && response.status < 300;
}
// src/api/create-once.ts
async function createOnce(sender, call, { schema, look, mayExist, unread }) {
	const tries = { used: 0 };
	const existing = mayExist ? await look(tries) : void 0;
	if (existing !== void 0) return {
		created: existing,
		wasFound: true
	};
	let isInDoubt = mayExist;
	let mayBeOurs = mayExist;
	for (let number = 1;; number++) {
		const post = await sender.attempt(call, number, tries);
		const result = resultOf(() => sender.read(post, schema, call));
		if (!(result instanceof require_tests.ApiError)) return {
			created: result,
			wasFound: false
		};
		const isConflict = post.response?.status === 409;
		const isOurs = isConflict && mayBeOurs && unread !== void 0;
		const exists = isOurs || isSuccess(post);
		const isDoubtful = mayHaveArrived(post);
		isInDoubt ||= isDoubtful;
		mayBeOurs ||= isDoubtful && !isConflict;
		const isPassing = exists || isConflict || isRetried(post);
		let willRetry = isPassing && await sender.waitForRetry(post, call, tries);
		if (isInDoubt && (isPassing || isDoubtful)) {
			if (!willRetry) await sender.waitFor("a last lookup", post, call, tries);
			do {
				const found = await look(tries).catch((error) => {
					if (!(error instanceof require_tests.ApiError)) throw error;
					if (!isOurs) throw unknownOutcome(result, error);
				});
				if (found !== void 0) return {
					created: found,
					wasFound: true
				};
				if (exists) willRetry = await sender.waitForRetry(post, call, tries);
			} while (exists && willRetry);
		}
		if (isOurs) return {
			created: unread,
			wasFound: true
		};
		if (!willRetry) return {
			created: sender.read(post, schema, {
				...call,
				wasLookedFor: isInDoubt
			}),
			wasFound: false
		};
	}
}
function resultOf(act) {
	try {
		return act();
	} catch (error) {
		if (error instanceof require_tests.ApiError) return error;
		throw error;
	}
}
function unknownOutcome({ summary, attempts }, lookup) {
	const { status, isTransient } = lookup;
	const look = "Look for the span in Opper before you run the job again.";
	return new require_tests.ApiError(`${summary.replace(/\.$/, "")}. It may have taken effect, but the lookup failed: ${lookup.summary}`, {
		status,
		attempts,
		advice: isTransient ? look : `${lookup.advice} ${look}`,
		isTransient
	});
}
function mayHaveArrived(post) {
	const { response, thrown } = post;
	if (response) return isSuccess(post) || [408, 409].includes(response.status) || response.status >= 500;
	if (thrown instanceof ProxyError || !isWorthRetrying(thrown)) return false;
	const [first] = thrown instanceof AggregateError ? thrown.errors : [thrown];
	return !["connect", "getaddrinfo"].includes(first.syscall);
}
// src/api/metric.ts
const Metric = require_tests.looseObject({
	id: require_tests.text,
	dimension: require_tests.text,
	value: require_tests.double,
	comment: require_tests.textOrNull,
	created_at: require_tests.textOrNull
});
const MetricPage = require_tests.pageOf(Metric);
function newestOf(metrics) {
	const oldestFirst = [...metrics].sort((a, b) => createdAt(a) - createdAt(b));
	return new Map(oldestFirst.map((metric) => [metric.dimension, metric]));
}
function createdAt({ created_at }) {
	return require_tests.instantOf(created_at) ?? 0;
}
// src/api/traces.ts
const TraceEntry = require_tests.object({
	id: require_tests.text,
	name: require_tests.textOrNull,
	start_time: require_tests.textOrNull
});
const TracePage = require_tests.pageOf(TraceEntry);
const TraceSpan = require_tests.object({
	id: require_tests.textOrNull,
	name: require_tests.textOrNull,
	parent_id: require_tests.textOrNull,
	type: require_tests.textOrNull,
	start_time: require_tests.textOrNull,
	meta: require_tests.objectOrNull,
	score: require_tests.orNull(require_tests.double),
	metrics: require_tests.orNull(require_tests.array(Metric, "expected a list"))
});
const Trace = require_tests.object({
	...TraceEntry.shape,
	spans: require_tests.orNull(require_tests.array(TraceSpan, "expected a list"))
});
// src/api/client.ts
const METRICS_PER_PAGE = 100;
const TRACES_PER_PAGE = 100;
const MAX_PAGES = 100;
function createClient({ baseUrl, ...options }) {
	const sender = new Sender(options);
	async function request(call, schema, tries = { used: 0 }) {
		return sender.read(await sender.send(call, tries), schema, call);
	}
	async function metricsOf(spanId, tries) {
		const metrics = new Map();
		for (let page = 0;; page++) {
			const call = {
				method: "GET",
				url: `${metricUrl(baseUrl, spanId)}?offset=${page * METRICS_PER_PAGE}&limit=${METRICS_PER_PAGE}`,
				wanted: "a list of metrics",
				ifNotFound: CHECK_SPAN
			};
			if (page === MAX_PAGES) throw apiError(call, TOO_MANY_METRICS, REMOVE_METRICS);
			const { data, meta } = await request(call, MetricPage, tries);
			const countBefore = metrics.size;
			for (const metric of data) metrics.set(metric.id, metric);
			if (metrics.size >= meta.total_count || metrics.size === countBefore) return newestOf(metrics.values());
		}
	}
	return {
		traffic: sender.traffic,
		readSpan(id, { isBeforeWrite = false, isNew = false } = {}) {
			const ifNotFound = isBeforeWrite ? `${CHECK_NEW_SPAN} ${HOW_TO_WRITE_UNREAD}` : CHECK_NEW_SPAN;
			return request({
				method: "GET",
				url: spanUrl(baseUrl, id),
				wanted: "the span",
				ifNotFound,
				id,
				isNew
			}, require_tests.Span);
		},
		async updateSpan(id, patch) {
			return request({
				method: "PATCH",
				url: spanUrl(baseUrl, id),
				body: bodyOf(patch),
				wanted: "the span",
				ifNotFound: CHECK_NEW_SPAN,
				id
			}, require_tests.Span);
		},
		async createSpan(span, { mayExist = false } = {}) {
			const expected = {
				wanted: "a span",
				ifNotFound: span.parent_id === void 0 ? CHECK_ADDRESS : CHECK_PARENT
			};
			const call = {
				method: "POST",
				url: spanUrl(baseUrl),
				body: bodyOf(span),
				...expected
			};
			const lookup = {
				method: "GET",
				url: spanUrl(baseUrl, span.id),
				id: span.id,
				...expected
			};
			const look = async (tries) => {
				const last = await sender.send(lookup, tries);
				return last.response?.status === 404 ? void 0 : sender.read(last, require_tests.Span, lookup);
			};
			const unread = { id: span.id };
			const { created, wasFound } = await createOnce(sender, call, {
				schema: require_tests.Span,
				look,
				mayExist,
				unread
			});
			return "name" in created ? {
				span: created,
				wasFound
			} : {
				span: created,
				wasFound: true,
				isUnread: true
			};
		},
		listMetrics: (spanId) => metricsOf(spanId, { used: 0 }),
		async createMetric(spanId, metric) {
			const call = {
				method: "POST",
				url: metricUrl(baseUrl, spanId),
				body: bodyOf(metric),
				wanted: "a metric",
				ifNotFound: CHECK_SPAN
			};
			const look = async (tries) => (await metricsOf(spanId, tries)).get(metric.dimension);
			const { created, wasFound } = await createOnce(sender, call, {
				schema: Metric,
				look,
				mayExist: false
			});
			return {
				metric: created,
				wasFound
			};
		},
		async updateMetric(spanId, metricId, change) {
			return request({
				method: "PATCH",
				url: metricUrl(baseUrl, spanId, metricId),
				body: bodyOf(change),
				wanted: "a metric",
				ifNotFound: CHECK_SPAN
			}, Metric);
		},
		listTraces(name, offset, { isTriedOnce }) {
			const call = {
				url: `${baseUrl}/traces?${`name=${encoded(name)}&offset=${offset}&limit=${TRACES_PER_PAGE}`}`,
				wanted: "a list of traces",
				isTriedOnce
			};
			return request({
				method: "GET",
				ifNotFound: CHECK_ADDRESS,
				...call
			}, TracePage);
		},
		readTrace(id, options) {
			const call = {
				url: `${baseUrl}/traces/${encoded(id)}`,
				wanted: "the trace",
				id,
				...options
			};
			return request({
				method: "GET",
				ifNotFound: CHECK_ADDRESS,
				...call
			}, Trace);
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
const REMOVE_METRICS = {
	attempts: 0,
	advice: "Remove some of them.",
	isTransient: false
};
const CHECK_SPAN = "Check span_id, base_url, and that the key belongs to the span's project.";
const CHECK_NEW_SPAN = `${CHECK_SPAN} A span that was just created may take a moment to appear.`;
const HOW_TO_WRITE_UNREAD = "Spans of a project that retains no data cannot be read. Set meta_mode: replace to write without reading.";
const CHECK_PARENT = "Check parent_id, base_url, and that the key belongs to the parent's project.";
const CHECK_ADDRESS = "Check base_url, and which project the key belongs to.";
function bodyOf(fields) {
	const body = JSON.stringify(fields);
	const size = Buffer.byteLength(body);
	if (size <= 33554432) return body;
	const [name, largest] = Object.entries(fields).map(([field, value]) => [field, Buffer.byteLength(JSON.stringify(value))]).reduce((a, b) => b[1] > a[1] ? b : a);
	const message = `takes ${require_tests.mibText(largest)} of the request's ${require_tests.mibText(size)}. The limit is ${require_tests.mibText(MAX_BYTES)}, so shorten it`;
	throw new require_tests.InputError([{
		name,
		message
	}]);
}
// src/comparison/max-drop.ts
function maxDropGate(maxDrop, score, comparison, needsScore) {
	if (maxDrop === void 0) return void 0;
	if (score === void 0) {
		if (!needsScore) return void 0;
		return {
			isPassed: false,
			text: `there is no score to compare with the baseline (max_drop ${maxDrop})`,
			advice: "Set score or results_file"
		};
	}
	if (comparison === void 0) return void 0;
	const { score: before, score_change } = comparison;
	if (score_change >= 0) return {
		isPassed: true,
		text: `score ${score} is not below the baseline's ${before} (max_drop ${maxDrop})`,
		afterChange: ""
	};
	const isPassed = -score_change <= maxDrop;
	const verdict = isPassed ? `within max_drop ${maxDrop}` : `more than max_drop ${maxDrop} allows`;
	return {
		isPassed,
		text: `score ${score} is ${-score_change} below the baseline's ${before}, ${verdict}`,
		afterChange: isPassed ? "" : `, ${verdict}`
	};
}
// src/api/four-at-once.ts
async function fourAtOnce(items, act) {
	const next = items.entries();
	let isStopped = false;
	async function work() {
		for (const [index, item] of next) {
			if (isStopped) return;
			if (!await act(item, index)) isStopped = true;
		}
	}
	await Promise.all([
		work(),
		work(),
		work(),
		work()
	]);
}
// src/api/stored.ts
const MAX_COMPARED = 500;
function changesBetween(before, after) {
	return require_tests.SPAN_FIELDS.filter((field) => !sameValue(field, before[field], after[field]));
}
function storedWarnings(sent, span, isMerged) {
	const warnings = fieldWarnings(sent, span, isMerged);
	if ((require_tests.durationMsOf(span) ?? 0) < 0) warnings.push(`end_time ${span.end_time} is before start_time ${span.start_time}`);
	return warnings;
}
function caseSpanWarning({ input, output, ...sent }, span) {
	const kept = {
		...valueOrNull(span.input) !== null && { input },
		...valueOrNull(span.output) !== null && { output }
	};
	return fieldWarnings({
		...sent,
		...require_tests.defined(kept)
	}, span, false)[0];
}
function fieldWarnings(sent, span, isMerged) {
	return require_tests.present([...require_tests.SPAN_FIELDS.map((field) => storedWarning(field, sent, span, isMerged)), ...PLACE_FIELDS.map((field) => placeWarning(field, sent, span))]);
}
const PLACE_FIELDS = ["parent_id", "trace_id"];
function placeWarning(field, sent, span) {
	const wanted = sent[field];
	if (wanted === void 0 || wanted.toLowerCase() === span[field]?.toLowerCase()) return void 0;
	return notStored(field, wanted, span[field]);
}
function storedWarning(field, patch, span, isMerged) {
	const [sent, stored] = [patch[field], span[field]];
	if (sent === void 0 || sameValue(field, sent, stored)) return void 0;
	if (sent === null) return `${field} was not cleared: the span still has ${shown(stored)}`;
	if (require_tests.isJsonObject(sent) && require_tests.isJsonObject(stored)) {
		const lost = without(sent, stored);
		if (isMerged && Object.keys(lost).length === 0) return void 0;
		return notStored(field, lost, without(stored, sent));
	}
	if ((field === "input" || field === "output") && valueOrNull(stored) === null) return `${field} was sent, but the span has none. A project keeps input and output only if retention is on`;
	return notStored(field, sent, stored);
}
function notStored(field, sent, stored) {
	return `${field} was not stored as sent: sent ${shown(sent)}, the span has ${shown(stored)}`;
}
function shown(value) {
	const text = require_tests.cut(require_tests.textOf(value), MAX_COMPARED);
	return typeof value === "string" && text ? `"${text}"` : text || "nothing";
}
function without(object, other) {
	const entries = Object.entries(object);
	return Object.fromEntries(entries.filter(([key, value]) => !Object.hasOwn(other, key) || !require_tests.sameJson(value, other[key])));
}
function sameValue(field, a, b) {
	if (field.endsWith("_time") && typeof a === "string" && typeof b === "string") {
		const instant = require_tests.instantOf(a);
		return instant === void 0 ? a === b : instant === require_tests.instantOf(b);
	}
	return require_tests.sameJson(valueOrNull(a), valueOrNull(b)) || typeof a === "string" && typeof b !== "string" && isTextOf(a, b);
}
function valueOrNull(value) {
	return value === void 0 || value === "" ? null : value;
}
function isTextOf(text, value) {
	try {
		return require_tests.sameJson(require_tests.parseExactJson(text), value);
	} catch {
		return false;
	}
}
// src/api/case-spans.ts
const PROGRESS_EVERY = 100;
async function createCaseSpans(client, spans, { id, trace_id }, { onProgress }) {
	const parent = {
		...id && { parent_id: id },
		...trace_id && { trace_id }
	};
	const differing = [];
	let created = 0;
	let failure;
	await fourAtOnce(spans, async (span) => {
		const sent = {
			...span,
			...parent
		};
		try {
			const { span: stored, isUnread } = await client.createSpan(sent);
			const warning = isUnread ? void 0 : caseSpanWarning(sent, stored);
			if (warning) differing.push(`${require_tests.cut(span.name, 100)}: ${warning}`);
		} catch (error) {
			if (!(error instanceof require_tests.ApiError || error instanceof require_tests.InputError)) throw error;
			failure ??= error;
			return false;
		}
		created++;
		if (created % PROGRESS_EVERY === 0 && created < spans.length) onProgress(created, spans.length);
		return true;
	});
	const [first] = differing;
	const warning = first && `${differing.length} of ${created} case spans were not stored as sent. The first: ${first}`;
	return {
		created,
		of: spans.length,
		failure,
		warning
	};
}
// src/api/record-metrics.ts
async function recordMetrics(client, spanId, wanted) {
	let known;
	try {
		known = await client.listMetrics(spanId);
	} catch (error) {
		return {
			stored: {},
			failures: [`${namesOf(wanted)}: not recorded: ${messageOf(error)}`]
		};
	}
	const outcomes = wanted.map(() => void 0);
	await fourAtOnce(wanted, async (metric, index) => {
		const outcome = await outcomeOf(client, spanId, metric, known.get(metric.dimension));
		outcomes[index] = outcome;
		return !outcome.isOutage;
	});
	const stored = wanted.map(({ dimension }, index) => [dimension, outcomes[index]?.stored]);
	const notBegun = wanted.filter((_, index) => !outcomes[index]);
	return {
		stored: require_tests.defined(Object.fromEntries(stored)),
		failures: require_tests.present([...outcomes.map((outcome) => outcome?.failure), notBegun.length > 0 && `${namesOf(notBegun)}: not tried after that`])
	};
}
async function outcomeOf(client, spanId, metric, known) {
	const name = require_tests.cut(metric.dimension, 100);
	try {
		const { value } = await recordMetric(client, spanId, metric, known);
		if (value === metric.value) return { stored: value };
		return {
			stored: value,
			failure: `${name}: not stored as sent: sent ${metric.value}, the span has ${value}`
		};
	} catch (error) {
		return {
			stored: known?.value,
			failure: `${name}: not recorded: ${messageOf(error)}`,
			isOutage: error instanceof require_tests.ApiError && error.isTransient && error.status !== 409
		};
	}
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
	return require_tests.listed(metrics.map(({ dimension }) => dimension));
}
function messageOf(error) {
	if (error instanceof require_tests.ApiError || error instanceof require_tests.InputError) return error.message;
	throw error;
}
// src/plan/gate.ts
function gatesOf(gate, spanScore) {
	if (!gate) return [];
	const { minScore, needsScore, score = spanScore } = gate;
	if (score === void 0) {
		const text = `there is no score to compare with min_score ${minScore}`;
		return needsScore ? [{
			isPassed: false,
			text,
			advice: "Set score or results_file"
		}] : [];
	}
	const isPassed = score >= minScore;
	const relation = isPassed ? "reaches" : "is below";
	return [{
		isPassed,
		text: `score ${scoreBeside(score, minScore)} ${relation} min_score ${minScore}`
	}];
}
function scoreBeside(score, minScore) {
	const isOnSameSide = (other) => other >= minScore === score >= minScore;
	for (let decimals = 2; decimals < 12; decimals++) {
		const rounded = Number(score.toFixed(decimals));
		if (isOnSameSide(rounded)) return rounded;
	}
	return score;
}
// src/plan/patch.ts
function needsStored({ fields, clear, keepsMeta }) {
	return fields.meta !== void 0 && keepsMeta && !clear.includes("meta");
}
function patchFor(recording, stored) {
	const { fields, clear, lacksScore, fallbackError, isOwn } = recording;
	const emptied = lacksScore && (stored === void 0 || require_tests.textOf(stored.score) !== "") ? [...clear, "score"] : clear;
	const cleared = Object.fromEntries(emptied.map((field) => [field, null]));
	const missed = missedGate(recording, stored && {
		...stored,
		...cleared
	});
	const gateError = stored || isOwn ? missed?.text : void 0;
	const error = fallbackError ?? gateError;
	const meta = missed && fields.meta ? withFailure(fields.meta) : fields.meta;
	return {
		...stored?.error && isOutdated(stored, fields.meta) && { error: null },
		...cleared,
		...error !== void 0 && !hasError(recording, stored) && { error },
		...fields,
		...meta && { meta: needsStored(recording) ? {
			...stored?.meta,
			...meta
		} : meta }
	};
}
function missedGate({ gate }, stored) {
	if (gate?.score === void 0 && stored === void 0) return void 0;
	return gatesOf(gate, require_tests.numberOf(stored?.score)).find(({ isPassed }) => !isPassed);
}
function hasError({ fields, clear }, stored) {
	return Boolean(stored?.error) && !clear.includes("error") && !isOutdated(stored, fields.meta);
}
function isOutdated(stored, facts = {}) {
	const before = stored?.meta ?? {};
	const isSame = (name) => facts[name] !== void 0 && facts[name] === before[name];
	const attemptOf = (meta) => require_tests.numberOf(meta["github.run_attempt"]) ?? NaN;
	return ["cicd.pipeline.run.id", "cicd.pipeline.task.name"].every(isSame) && attemptOf(before) < attemptOf(facts) && ["failure", "cancellation"].includes(String(before["cicd.pipeline.task.run.result"]));
}
const MAX_CLOSING_ERROR = 4e3;
function closingPatch(recording, stored, reason, keepsScore) {
	const { end_time, score, error } = patchFor(recording, stored);
	const both = require_tests.cut(require_tests.present([reason, error]).join("\n"), MAX_CLOSING_ERROR);
	return require_tests.defined({
		end_time,
		error: hasError(recording, stored) ? void 0 : both,
		score: keepsScore ? score : void 0
	});
}
function newSpanOf({ parent_id, trace_id }, recording, id, title) {
	const { name = title, ...fields } = patchFor({
		...recording,
		clear: []
	}, {});
	const start_time = fields.start_time ?? fields.end_time;
	return {
		id,
		name,
		...require_tests.defined({
			parent_id,
			trace_id
		}),
		...fields,
		...require_tests.defined({ start_time })
	};
}
function isEmptyPatch(patch) {
	return Object.keys(patch).length === 0;
}
// src/report/report.ts
const ANCHORS = {
	"Opper span": "",
	"Opper span: API failure": "#the-api",
	"Opper span: bad input, nothing was recorded": "#inputs",
	"Opper span: bad input, the rest was recorded": "#inputs",
	"Opper span: case spans": "#metrics-and-case-spans",
	"Opper span: comparison": "#the-baseline",
	"Opper span: gate": "#the-gate",
	"Opper span: internal error": "",
	"Opper span: metrics": "#metrics-and-case-spans",
	"Opper span: skipped": ""
};
function newReport(spanId, { status, links }) {
	return {
		outcome: "failed",
		jobStatus: status,
		spanId,
		span: {},
		requests: 0,
		elapsedMs: 0,
		findings: [],
		gates: [],
		files: [],
		links,
		dryRun: []
	};
}
function isNew(outcome) {
	return outcome === "created" || outcome === "tracking";
}
function isWritten(outcome) {
	return outcome === "updated" || outcome === "created";
}
function isDone(outcome) {
	return isWritten(outcome) || outcome === "read";
}
function scoreOnSpan({ outcome, span, before, sent }) {
	return require_tests.numberOf(isDone(outcome) ? span.score : {
		...before,
		...sent
	}.score);
}
function warn(report, lines) {
	report.findings.push(...lines.map((line) => ({
		level: "warning",
		title: "Opper span",
		lines: [line]
	})));
}
function notCompared(level, { baseline }) {
	return {
		level,
		title: "Opper span: comparison",
		lines: [`Nothing was compared with ${baseline}, so max_drop was not judged`]
	};
}
function findingOf(error, inputs, kept) {
	if (error instanceof require_tests.InputError) return {
		level: "error",
		title: `Opper span: bad input, ${kept} was recorded`,
		lines: error.problems.map(require_tests.problemLine)
	};
	if (error instanceof require_tests.ApiError) return {
		level: levelOf(inputs),
		title: "Opper span: API failure",
		lines: [error.message]
	};
	return {
		level: "error",
		title: "Opper span: internal error",
		lines: [`This is a bug in the action, please report it: ${require_tests.headlineOf(error)}`]
	};
}
function levelOf({ fail_on_api_error }) {
	return fail_on_api_error === false ? "warning" : "error";
}
// src/report/wording.ts
function testsText(tests) {
	const { passed, failed, errored, skipped } = tests;
	const ran = passed + failed + errored;
	const rounded = Math.round(passed / ran * 1e3) / 10;
	const rate = passed === 0 || passed === ran ? rounded : Math.min(Math.max(rounded, .1), 99.9);
	return `${require_tests.counted(ran + skipped, "test")}, ${rate} % passed: ${countsText(tests)}`;
}
function countsText({ passed, failed, errored, skipped, durationMs, format }) {
	const counts = Object.entries({
		passed,
		failed,
		errored,
		skipped
	}).filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`);
	const duration = durationMs ? `in ${require_tests.secondsText(durationMs)}` : "";
	return `${require_tests.present([...counts, duration]).join(", ")} (${format})`;
}
function feedbackText(feedback) {
	return require_tests.present([require_tests.textOf(feedback?.score), require_tests.textOf(feedback?.comment)]).join(": ");
}
function caseSpansText({ created, of }) {
	return `Case spans: ${created} of ${of} created`;
}
function shortened(value) {
	return String(Number(Math.abs(value) < 1 ? value.toPrecision(3) : value.toFixed(3)));
}
// src/execute.ts
async function execute(plan, client, reporter, report) {
	try {
		await perform(plan, client, reporter, report);
		if (isWritten(report.outcome)) await addChildren(plan, client, reporter, report);
	} finally {
		report.requests = client.traffic.requests;
		report.status = client.traffic.status;
	}
}
async function perform(plan, client, reporter, report) {
	const { task, inputs } = plan;
	switch (task.kind) {
		case "read":
			report.span = await client.readSpan(task.id);
			report.outcome = "read";
			return;
		case "update": return update(task.id, task.recording, client, report);
		case "create":
			await create(task.span, false, client, report);
			return;
		case "start": return start(task, inputs, client, reporter, report);
		case "wait":
			reporter.saveTracked(task.tracked);
			report.outcome = "tracking";
			report.span = { id: task.tracked.id };
			return;
		case "end": return end(task, client, reporter, report);
	}
}
async function update(id, recording, client, report) {
	report.sent = patchFor(recording);
	if (needsStored(recording)) report.before = await client.readSpan(id, { isBeforeWrite: true });
	await write(id, recording, client, report);
}
async function write(id, recording, client, report) {
	const { before } = report;
	report.sent = patchFor(recording, before);
	const span = isEmptyPatch(report.sent) ? await client.readSpan(id) : await client.updateSpan(id, report.sent);
	const feedback = span.feedback ?? before?.feedback ?? void 0;
	report.span = {
		...span,
		...require_tests.defined({ feedback })
	};
	report.changed = before && changesBetween(before, span);
	report.outcome = "updated";
	warn(report, storedWarnings(report.sent, span, needsStored(recording)));
}
async function create(span, mayExist, client, report) {
	report.sent = require_tests.fieldsOf(span);
	const { span: created, wasFound, isUnread } = await client.createSpan(span, { mayExist });
	report.span = created;
	if (isUnread) warn(report, ["the API says that the span exists, but does not show it, so only its id is known"]);
	if (mayExist && wasFound) return true;
	report.outcome = "created";
	if (!isUnread) warn(report, storedWarnings(span, created, false));
	return false;
}
async function start({ span, tracked }, { fail_on_api_error }, client, reporter, report) {
	reporter.saveTracked(beforeResponse(tracked));
	try {
		await create(span, false, client, report);
	} catch (error) {
		if (!(error instanceof require_tests.ApiError && (error.isTransient || !fail_on_api_error))) {
			reporter.saveTracked(void 0);
			throw error;
		}
		warn(report, [`${error.isTransient ? `${error.summary}.` : error.message} The job goes on, and the span is created when it ends`]);
		return;
	}
	report.outcome = "tracking";
	reporter.saveTracked({
		...tracked,
		id: report.span.id ?? tracked.id
	});
}
async function end({ id, recording, span }, client, reporter, report) {
	let requestsBeforeWrite = Number.POSITIVE_INFINITY;
	try {
		if (span && !await create(span, true, client, report)) return;
		report.sent = patchFor(recording);
		if (needsStored(recording)) report.before = await readAtEnd(id, recording, client, report);
		requestsBeforeWrite = client.traffic.requests;
		await write(id, recording, client, report);
	} catch (error) {
		if (mayClose(error, requestsBeforeWrite, client)) {
			const keepsScore = error instanceof require_tests.InputError || error instanceof require_tests.ApiError && error.status === 413;
			const reason = reporter.redact(require_tests.headlineOf(error));
			await close(id, closingPatch(recording, report.before, reason, keepsScore), client, report);
		}
		throw error;
	}
}
async function readAtEnd(id, { isOwn }, client, report) {
	try {
		return await client.readSpan(id, {
			isBeforeWrite: true,
			isNew: isOwn
		});
	} catch (error) {
		if (!(isOwn && error instanceof require_tests.ApiError && error.status === 404)) throw error;
		warn(report, [`${error.summary}. The end of the job was recorded without reading the span`]);
		return;
	}
}
function mayClose(error, requestsBeforeWrite, { traffic }) {
	const isWriting = traffic.requests >= requestsBeforeWrite;
	if (error instanceof require_tests.ApiError) {
		const { status } = error;
		if (isWriting) return [
			400,
			413,
			422
		].includes(status ?? 0);
		return status !== void 0 && ![401, 404].includes(status);
	}
	return !(traffic.requests > requestsBeforeWrite && (traffic.status ?? 500) < 300);
}
async function close(id, patch, client, report) {
	try {
		report.span = await client.updateSpan(id, patch);
		warn(report, ["Only the end of the job and this failure were recorded on the span"]);
	} catch {}
}
async function addChildren(plan, client, reporter, report) {
	const { inputs, metrics, caseSpans } = plan;
	const fail = (part, lines) => report.findings.push({
		level: levelOf(inputs),
		title: `Opper span: ${part}`,
		lines
	});
	if (metrics.length > 0) {
		const { stored, failures } = await recordMetrics(client, report.span.id ?? "", metrics);
		report.metrics = stored;
		if (failures.length > 0) fail("metrics", failures);
	}
	if (caseSpans.length > 0) {
		const { created, failure, warning } = await createCaseSpans(client, caseSpans, report.span, { onProgress: (created, of) => reporter.info(caseSpansText({
			created,
			of
		})) });
		const of = report.tests?.casesWanted ?? caseSpans.length;
		report.caseSpans = {
			created,
			of
		};
		if (warning) warn(report, [warning]);
		if (failure) fail("case spans", [`${created} of ${of} case spans were created, then one failed: ${failure.message}`]);
	}
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
	"metrics_pointer": "",
	"results_outcome": "",
	"metrics": "",
	"results_metrics": "false",
	"case_spans": "none",
	"max_case_spans": "100",
	"min_score": "",
	"baseline": "",
	"max_drop": "",
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
// src/uuid.ts
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
// src/inputs/forms.ts
const because = (rule) => ({ error: ({ input }) => `${typeof input === "string" ? require_tests.quoted(input) : require_tests.cut(require_tests.textOf(input), 200)} ${rule}` });
function parsedBy(parse) {
	return require_tests.transform((value, { issues }) => {
		try {
			return parse(value);
		} catch (error) {
			if (!(error instanceof require_tests.FormError)) throw error;
			issues.push({
				code: "custom",
				message: error.message,
				input: value
			});
			return require_tests.NEVER;
		}
	});
}
function maybeAbsent(schema) {
	return schema;
}
const verbatim = require_tests.transform((value) => withoutAtEnd(require_tests.textOf(value), "\r\n") || void 0);
const trimmed = require_tests.transform((value) => typeof value === "string" ? value.trim() : value);
const trimmedText = require_tests.transform((value) => require_tests.textOf(value).trim());
const branch = require_tests.transform((value) => require_tests.textOf(value).trim().replace(/^refs\/heads\//, ""));
const uuid = matching(UUID, "is not a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a");
const jsonPointer = matching(/^\/([^~]|~[01])*$/, "is not a JSON Pointer such as /summary/accuracy");
const timestampAt = (now) => parsedBy((value) => require_tests.parseTimestamp(require_tests.textOf(value).trim(), now));
const boolean = require_tests.pipe(trimmed, require_tests.stringbool({
	truthy: ["true"],
	falsy: ["false"],
	...because("is not true or false")
}));
function oneOf(names) {
	return require_tests.pipe(trimmed, require_tests._enum(names, because(`is not one of ${names.join(", ")}`)));
}
function namesAmong(names, rule) {
	const split = (value) => Array.isArray(value) ? value : require_tests.textOf(value).split(/[\s,]/);
	const list = require_tests.transform((value) => {
		const given = [...new Set(split(value))].filter((name) => name !== "");
		return given.length > 0 ? given : void 0;
	});
	return require_tests.pipe(list, require_tests.optional(require_tests.array(require_tests._enum(names, because(`${rule}: ${names.join(", ")}`)))));
}
const lines = require_tests.transform((value) => linesIn(value));
const jsonPointers = require_tests.pipe(require_tests.transform((value) => linesIn(value)), require_tests.array(jsonPointer));
function linesIn(text) {
	return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/;
function numberForm(rule) {
	const read = (value) => {
		const given = typeof value === "string" ? value.trim() : value;
		const number = typeof given === "string" && DECIMAL.test(given) ? Number(given) : require_tests.numberOf(given);
		return Number.isFinite(number) ? number : given;
	};
	return require_tests.pipe(require_tests.transform(read), require_tests.number(because(rule)));
}
const positiveNumber = numberForm("is not a number such as 100").check(require_tests._positive(because("must be above 0")));
function numberBetween(least, most, rule, isAllowed = Number.isFinite) {
	const whole = `${rule} from ${least} to ${most}`;
	const isBetween = (number) => isAllowed(number) && number >= least && number <= most;
	return numberForm(whole).check(require_tests.refine(isBetween, because(whole)));
}
function wholeNumber(least, most) {
	return numberBetween(least, most, "is not a whole number", Number.isInteger);
}
const apiKey = parsedBy((value) => {
	const key = require_tests.textOf(value).trim();
	if (!/^[\x20-\x7e]+$/.test(key)) throw new require_tests.FormError("has a line break or a character that is not printable ASCII. Check the secret it comes from");
	if (/^bearer( |$)/i.test(key)) throw new require_tests.FormError("begins with \"Bearer\". Remove that word: the step adds it");
	return key;
});
const baseUrl = parsedBy((value) => {
	const written = require_tests.textOf(value).trim();
	const url = URL.parse(written);
	if (!url || !/^[a-z][a-z\d+.-]*:\/\/[^/\\]/i.test(written) || /\s/.test(written)) throw new require_tests.FormError("is not a URL with a host, such as https://api.opper.ai/v2. Check that no variable in it is empty");
	if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) throw new require_tests.FormError("must begin with https:// (http:// only for a loopback address), so that the key is not sent in plain text");
	if (url.username || url.password) throw new require_tests.FormError("has a user or a password. Remove everything between // and @");
	if (/[?#]/.test(written)) throw new require_tests.FormError("has a query or fragment. Remove everything from the ? or # on");
	const base = withoutAtEnd(url.href, "/");
	const end = base.slice(base.lastIndexOf("/") + 1);
	if (end === "spans" || UUID.test(end)) throw new require_tests.FormError("ends in /spans or a span id. Remove that: the step adds it");
	return base;
});
function metaObject(value) {
	return objectFrom(value, "{\"dataset\": \"v3\"}");
}
function metricsObject(value) {
	const entries = Object.entries(objectFrom(value, "{\"accuracy\": 0.92}")).map(([dimension, given]) => {
		if (dimension.trim() === "") throw new require_tests.FormError("has a dimension without a name. Write one, such as {\"accuracy\": 0.92}");
		const metric = metricIn(given);
		if (metric) return [dimension, metric];
		throw new require_tests.FormError(`has ${require_tests.cut(JSON.stringify(given), 200)} for ${require_tests.quoted(dimension)}, expected a number, or {"value": number, "comment": text}`);
	});
	return Object.fromEntries(entries);
}
function metricIn(given) {
	const { value, comment = null, ...others } = require_tests.isJsonObject(given) ? given : { value: given };
	const number = require_tests.numberOf(value) ?? NaN;
	if (!Number.isFinite(number) || Object.keys(others).length > 0) return void 0;
	if (comment === null) return { value: number };
	return typeof comment === "string" ? {
		value: number,
		comment
	} : void 0;
}
function objectFrom(value, example) {
	const object = typeof value === "string" ? require_tests.parseExactJson(value) : value;
	if (require_tests.isJsonObject(object)) return object;
	throw new require_tests.FormError(`is ${require_tests.kindOf(object)}, expected a JSON object such as ${example}`);
}
function matching(pattern, rule) {
	return require_tests.pipe(trimmedText, require_tests.string().check(require_tests._regex(pattern, because(rule))));
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
const CLEARABLE = require_tests.SPAN_FIELDS.filter((field) => field !== "name");
const formsAt = (now) => ({
	operation: oneOf(OPERATIONS),
	span_id: maybeAbsent(uuid),
	api_key: maybeAbsent(apiKey),
	base_url: baseUrl,
	parent_id: maybeAbsent(uuid),
	trace_id: maybeAbsent(uuid),
	score: maybeAbsent(numberForm("is not a number such as 87, or 0.87 with score_scale 100")),
	score_scale: maybeAbsent(positiveNumber),
	error: verbatim,
	meta: maybeAbsent(parsedBy(metaObject)),
	meta_file: maybeAbsent(trimmedText),
	end_time: maybeAbsent(timestampAt(now)),
	start_time: maybeAbsent(timestampAt(now)),
	name: verbatim,
	type: verbatim,
	input: verbatim,
	output: verbatim,
	clear: maybeAbsent(namesAmong(CLEARABLE, "is not one of the fields that can be cleared")),
	results_file: maybeAbsent(lines),
	results_format: oneOf([
		"auto",
		"junit",
		"ctrf",
		"promptfoo",
		"jest",
		"json",
		"fields"
	]),
	score_pointer: maybeAbsent(jsonPointer),
	metrics_pointer: maybeAbsent(jsonPointers),
	results_outcome: maybeAbsent(oneOf([
		"success",
		"failure",
		"cancelled",
		"skipped"
	])),
	metrics: maybeAbsent(parsedBy(metricsObject)),
	results_metrics: boolean,
	case_spans: oneOf([
		"none",
		"failed",
		"all"
	]),
	max_case_spans: wholeNumber(1, 1e3),
	min_score: maybeAbsent(numberForm("is not a number such as 80")),
	baseline: maybeAbsent(branch),
	max_drop: maybeAbsent(numberForm("is not a number such as 2").check(require_tests._gte(0, because("is below 0")))),
	meta_mode: oneOf(["merge", "replace"]),
	ci_meta: boolean,
	fail_on_api_error: boolean,
	dry_run: boolean,
	summary: boolean,
	timeout_seconds: numberBetween(.001, 3600, "is not a number of seconds"),
	retries: wholeNumber(0, 10),
	job_status: maybeAbsent(oneOf([
		"success",
		"failure",
		"cancelled"
	])),
	job_matrix: maybeAbsent(parsedBy((value) => require_tests.parseJson(require_tests.textOf(value)))),
	job_check_run_id: maybeAbsent(trimmedText)
});
const FIELDS_FILE_INPUTS = [
	...require_tests.SPAN_FIELDS,
	"score_scale",
	"clear",
	"metrics"
];
const RECORDING_INPUTS = [
	...FIELDS_FILE_INPUTS,
	"meta_file",
	"results_file"
];
function readInputs(getInput, environmentKey, now) {
	const whenEmpty = {
		...defaults,
		api_key: environmentKey
	};
	const given = Object.keys(defaults).map((name) => {
		const value = getInput(name);
		return [name, value.trim() === "" ? whenEmpty[name] || value : value];
	});
	return readForms(formsAt(now), Object.fromEntries(given), (name) => name);
}
function givenInputs(getInput) {
	return Object.keys(defaults).filter((name) => {
		const text = getInput(name).trim();
		return text !== "" && text !== defaults[name] && !name.startsWith("job_");
	});
}
function defaultInputs() {
	return readInputs(() => "", void 0, new Date(0)).values;
}
function readFields(document, path, now) {
	const forms = formsAt(now);
	const known = Object.fromEntries(FIELDS_FILE_INPUTS.map((name) => [name, forms[name]]));
	const read = readForms(known, document, (name) => `${name} in ${path}`);
	const unknown = Object.keys(document).filter((name) => !Object.hasOwn(known, name));
	const problems = [...read.problems];
	if (unknown.length > 0) {
		const message = `${path} has ${unknown.map(require_tests.quoted).join(", ")}, but may have only ${FIELDS_FILE_INPUTS.join(", ")}`;
		problems.push({
			name: "results_file",
			message
		});
	} else if (problems.length === 0 && Object.keys(read.values).every((name) => name === "score_scale")) {
		const message = `${path} sets no field, so there is nothing to record`;
		problems.push({
			name: "results_file",
			message
		});
	}
	return {
		values: read.values,
		problems
	};
}
function readForms(forms, given, nameOf) {
	const problems = [];
	const entries = Object.entries(forms).flatMap(([name, form]) => {
		const value = given[name];
		if (form !== verbatim && require_tests.textOf(value).trim() === "") return [];
		const { success, data, error } = require_tests.safeParse(form, value);
		if (success) return data === void 0 ? [] : [[name, data]];
		problems.push(...error.issues.map(({ message }) => ({
			name: nameOf(name),
			message
		})));
		return [];
	});
	return {
		values: Object.fromEntries(entries),
		problems
	};
}
// src/inputs/spelling.ts
const MIN_LENGTH = 5;
function isMisspelt(name, right) {
	if (name.replaceAll("-", "_") === right) return true;
	if (right.length < MIN_LENGTH) return false;
	let start = 0;
	while (name[start] === right[start]) start++;
	const [a, b] = [name.slice(start), right.slice(start)];
	const swapped = a.charAt(1) + a.charAt(0) + a.slice(2);
	return a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1) || swapped === b;
}
// src/inputs/misspelt.ts
const PREFIX = "INPUT_";
function misspeltProblems(variables) {
	const known = Object.keys(defaults);
	return variables.filter((variable) => variable.startsWith(PREFIX)).flatMap((variable) => {
		const name = variable.slice(6).toLowerCase();
		const meant = known.find((right) => isMisspelt(name, right));
		if (!meant || known.includes(name)) return [];
		return [{
			name,
			message: `is not an input of this action. Write ${meant}, or rename the variable ${require_tests.quoted(variable)} if an env sets it`
		}];
	});
}
// src/scale.ts
function product(value, scale, digits) {
	const exact = value * scale;
	return Math.abs(exact) < 10 ** digits ? Number(exact.toPrecision(digits)) : exact;
}
function scaled(value, scale) {
	const unrounded = product(value, scale, 15);
	return Math.sign(unrounded) * Math.round(Math.abs(unrounded)) + 0;
}
function unroundedScore(value, scale) {
	return scale === void 0 ? value : product(value, scale, 12);
}
function scoreOf(value, scale) {
	const score = scale === void 0 ? value : scaled(value, scale);
	if (Number.isSafeInteger(score)) return score;
	if (Math.trunc(score) !== score) throw new require_tests.FormError(`${value} is not an integer, and the API takes only integers. For a fraction set score_scale: 0.87 with score_scale 100 records 87`);
	throw new require_tests.FormError(`${value}${scale === void 0 ? "" : " times score_scale"} is outside \u00b19007199254740991, the range in which JSON numbers are exact`);
}
// src/plan/case-span.ts
function caseSpanOf(testCase, id, scale = 100) {
	const { name, status, suite, file, durationMs, error, input, output, score } = testCase;
	return {
		id,
		name,
		type: "test",
		...require_tests.fieldsOf({
			error,
			input,
			output,
			score: score === void 0 ? void 0 : scaled(score, scale),
			start_time: testCase.startTime,
			end_time: testCase.endTime,
			meta: {
				"test.status": status,
				...require_tests.defined({
					"test.suite": suite,
					"test.duration_ms": durationMs,
					"test.file": file
				})
			}
		})
	};
}
// src/inputs/rules.ts
function isGiven({ values, problems }, name) {
	return values[name] !== void 0 || problems.some((problem) => problem.name === name);
}
function accessProblems(read, job) {
	const { values } = read;
	const found = [];
	if (!isGiven(read, "api_key") && values.dry_run === false) {
		if (job.withholdsSecrets) return [];
		found.push({
			name: "api_key",
			message: "is empty. Pass the key from a secret, such as ${{ secrets.OPPER_API_KEY }}, or set OPPER_API_KEY in the env of the step. A secret that does not exist is also empty"
		});
	}
	if (!isGiven(read, "span_id") && (values.operation === "update" || values.operation === "get")) found.push({
		name: "span_id",
		message: "is empty. Pass the UUID of the span from the step that created it, and check that the step ran and set that output. Between jobs, the job must also name it under outputs"
	});
	return found;
}
function operationProblems({ values }) {
	const { operation, span_id } = values;
	const problems = [];
	const recorded = RECORDING_INPUTS.filter((name) => values[name] !== void 0);
	if (operation === "get" && recorded.length > 0) {
		const message = `get writes nothing, but these are given: ${recorded.join(", ")}. Remove them, or use update`;
		problems.push({
			name: "operation",
			message
		});
	}
	if (operation === "create" && span_id !== void 0) problems.push({
		name: "span_id",
		message: "is given, but create is for a new span. Remove it, or use update"
	});
	const createsSpan = operation === "create" || operation === "track" && span_id === void 0;
	for (const name of ["parent_id", "trace_id"]) {
		if (createsSpan || operation === void 0 || values[name] === void 0) continue;
		problems.push({
			name,
			message: "says where a new span belongs, so it needs create, or track without span_id. Remove it"
		});
	}
	return problems;
}
const POINTERS = ["score_pointer", "metrics_pointer"];
function formatProblems(read) {
	const { values } = read;
	const { results_file, results_format: format } = values;
	const found = [];
	if (results_file && format === "json" && !POINTERS.some((name) => isGiven(read, name))) found.push({
		name: "score_pointer",
		message: "is required with results_format json, unless metrics_pointer is given. Set it to where the score is, such as /summary/accuracy"
	});
	for (const name of POINTERS) {
		if (values[name] === void 0 || format === void 0 || format === "json") continue;
		found.push({
			name,
			message: "works only with results_format json. Remove it, or set results_format: json"
		});
	}
	const needing = needingCases(values);
	if (needing.length > 0 && !mayBeTests(format)) {
		const message = `is ${format}, which has no test cases, but they are required by ${needing.join(", ")}. Use a test format such as junit`;
		found.push({
			name: "results_format",
			message
		});
	}
	return found;
}
function resultsProblems(read) {
	const { values } = read;
	if (values.results_file !== void 0) return [];
	const asking = require_tests.present([
		(values.results_format ?? "auto") !== "auto" && "results_format",
		...POINTERS.filter((name) => values[name] !== void 0),
		isBadEnd(values.results_outcome) && "results_outcome",
		...needingCases(values)
	]);
	if (asking.length > 0) return [{
		name: "results_file",
		message: `is empty, but required by ${asking.join(", ")}. Name the file that the eval or test tool writes`
	}];
	if (values.score_scale === void 0 || isGiven(read, "score") || values.operation === "get") return [];
	return [{
		name: "score",
		message: "is empty, but required by score_scale. Set score or results_file"
	}];
}
function needingCases({ results_metrics, case_spans = "none" }) {
	return require_tests.present([results_metrics && "results_metrics", case_spans !== "none" && "case_spans"]);
}
function clearProblems(inputs, fromFile) {
	const given = {
		...inputs,
		...require_tests.defined({ meta: inputs.meta ?? inputs.meta_file })
	};
	const values = {
		...fromFile,
		...given
	};
	const { clear = [], operation } = values;
	const both = clear.filter((field) => values[field] !== void 0);
	const isNew = operation === "create";
	if (clear.length === 0 || !isNew && both.length === 0) return [];
	return [{
		name: "clear",
		message: isNew ? "is given, but a new span has nothing to clear. Remove it" : `empties fields that are also given: ${both.join(", ")}. Remove one of the two`,
		isFromFile: !(inputs.clear !== void 0 && (isNew || both.some((field) => given[field] !== void 0)))
	}];
}
function gateProblems(minScore, scale) {
	if (minScore === void 0 || scale !== void 0 && scale <= 1) return [];
	if (!(minScore === 1 && scale !== void 0 && scale >= 100) && (minScore <= 0 || minScore >= 1)) return [];
	const meant = Number((minScore * (scale ?? 100)).toPrecision(15));
	return [{
		name: "min_score",
		message: `${minScore} would let nearly every score pass, since the score is recorded ${scale === void 0 ? "as an integer" : `on a scale of ${scale}`}. Write ${meant}`
	}];
}
function baselineProblems(read) {
	if (read.values.max_drop === void 0 || isGiven(read, "baseline")) return [];
	return [{
		name: "max_drop",
		message: "needs baseline, the branch to compare with. Set baseline, for example to ${{ github.base_ref || github.ref_name }}"
	}];
}
function lostProblems(lost) {
	const message = "was given at the start of the job and is empty at its end. Some runners lose the inputs of a composite action inside a composite action: use this action in the outer one or in the workflow";
	return lost.map((name) => ({
		name,
		message
	}));
}
function resultsScale(inputs) {
	const { score_scale, results_file, results_format } = inputs;
	return score_scale ?? (results_file && mayBeTests(results_format) ? 100 : void 0);
}
function mayBeTests(format) {
	return format !== "json" && format !== "fields";
}
// src/plan/check.ts
function check(read, results, score, metrics, job, stage) {
	const { values } = read;
	const problems = [...problemsTogether(read, results, score, job, stage), ...require_tests.present([score.problem, metrics.problem])];
	const isForgiven = ({ name, isFromFile }) => job.endedBadly && (isFromFile === true || stage.lost.includes(name) && !ESSENTIAL.includes(name));
	const fatal = problems.filter((problem) => !isForgiven(problem));
	const ofResults = problemsOfResults(results);
	const isPartial = results.tests !== void 0 || ofResults.some(({ name }) => name === "results_outcome");
	const isEnough = isPartial && fatal.every((problem) => ofResults.includes(problem));
	if (fatal.length > 0 && !isEnough && !(stage.tracked && canSend(values, stage))) throw new require_tests.InputError(fatal);
	return {
		fatal,
		forgiven: problems.filter(isForgiven),
		reasons: problems.filter((problem) => fatal.includes(problem) || isPartial && ofResults.includes(problem)),
		isWhole: fatal.length + ofResults.length + stage.lost.length === 0
	};
}
function problemsTogether({ values, problems }, results, score, job, { lost }) {
	const inFile = {
		...results.fields,
		...require_tests.defined({ score: results.score?.value })
	};
	const read = {
		values,
		problems: [...problems, ...lostProblems(lost)]
	};
	return [
		...read.problems,
		...accessProblems(read, job),
		...operationProblems(read),
		...formatProblems(read),
		...clearProblems(values, inFile),
		...gateProblems(values.min_score, score.scale),
		...baselineProblems(read),
		...results.problems
	];
}
const ESSENTIAL = [
	"base_url",
	"api_key",
	"dry_run"
];
function canSend({ base_url, api_key }, { lost }) {
	return base_url !== void 0 && api_key !== void 0 && !ESSENTIAL.some((name) => lost.includes(name));
}
function problemsOfResults({ problems }) {
	return problems.filter(({ name }) => name !== "meta_file");
}
// src/results/record.ts
const MAX_LINES$2 = 10;
function failureLines(tests) {
	return require_tests.firstOf(tests.failures.map(failureLine), MAX_LINES$2, require_tests.failingCount(tests));
}
function metaOf(tests) {
	const { passed, failed, errored, skipped, durationMs } = tests;
	return {
		"test.total": passed + failed + errored + skipped,
		"test.passed": passed,
		"test.failed": failed,
		"test.errored": errored,
		"test.skipped": skipped,
		...require_tests.defined({ "test.duration_ms": durationMs }),
		"test.format": tests.format,
		...tests.meta
	};
}
function failureLine({ name, message }) {
	return message ? `${name}: ${message}` : name;
}
// src/plan/merge.ts
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
// src/plan/compose.ts
const MAX_REASONS = 10;
const MAX_ERROR_BYTES = 65536;
function composeRecording(inputs, results, score, { fatal, reasons, isWhole }, job) {
	const { tests, fields } = results;
	const values = {
		...fields,
		...inputs
	};
	const why = require_tests.firstOf(reasons.map(require_tests.problemLine), MAX_REASONS);
	const failures = tests ? failureLines(tests) : [];
	const facts = fatal.length > 0 ? withFailure(job.facts) : job.facts;
	const layers = [
		inputs.ci_meta ? facts : void 0,
		tests && metaOf(tests),
		fields?.meta,
		inputs.meta
	];
	return {
		fields: require_tests.fieldsOf({
			...values,
			score: score.value,
			error: values.error ?? (failures.length > 0 ? errorOf([...why, ...failures]) : void 0),
			meta: mergedMeta(layers)
		}),
		clear: values.clear ?? [],
		lacksScore: !isWhole && score.value === void 0 && asksForScore(inputs, results),
		keepsMeta: inputs.meta_mode === "merge",
		fallbackError: why.length > 0 ? errorOf(why) : job.error,
		gate: scoreGate(inputs, score, isWhole, job),
		isOwn: false
	};
}
function scoreGate({ min_score: minScore }, { unrounded: score }, isWhole, job) {
	if (minScore === void 0 || score === void 0 && !isWhole) return void 0;
	return {
		minScore,
		score,
		needsScore: !job.endedBadly
	};
}
function asksForScore({ results_file, results_format, score_pointer }, results) {
	return (results_file !== void 0 || problemsOfResults(results).length > 0) && (results_format !== "json" || score_pointer !== void 0);
}
function errorOf(lines) {
	return require_tests.cutBytes(lines.join("\n"), MAX_ERROR_BYTES);
}
// src/plan/metrics.ts
const MAX_METRICS$1 = 500;
function metricsFor({ metrics, results_metrics }, { tests, fields, metrics: measured }) {
	const given = mergedMetrics([fields?.metrics, metrics]);
	const all = mergedMetrics([
		results_metrics ? tests?.metrics : void 0,
		measured,
		fields?.metrics,
		metrics
	]);
	if (all.length <= MAX_METRICS$1) return {
		all,
		given
	};
	const inInput = Object.keys(metrics ?? {}).length;
	const isFromFile = inInput <= MAX_METRICS$1;
	const source = isFromFile ? `gives ${all.length} metrics with those of the inputs` : `has ${inInput} metrics`;
	const problem = {
		name: isFromFile ? "results_file" : "metrics",
		message: `${source}, more than the limit of ${MAX_METRICS$1}. Record fewer`,
		isFromFile
	};
	const recordable = given.length <= MAX_METRICS$1 ? given : [];
	return {
		all: recordable,
		given: recordable,
		problem
	};
}
// src/plan/score.ts
function scoreFor({ values, problems }, results) {
	const source = scoreSource(values, results);
	if (!source) return { scale: resultsScale(values) };
	const { name, value, scale } = source;
	try {
		return {
			value: scoreOf(value, scale),
			unrounded: unroundedScore(value, scale),
			scale
		};
	} catch (error) {
		if (!(error instanceof require_tests.FormError)) throw error;
		if (problems.some((problem) => problem.name === "score_scale")) return { scale };
		return {
			scale,
			problem: {
				name,
				message: error.message,
				isFromFile: values.score === void 0
			}
		};
	}
}
function scoreSource({ score, score_scale }, { tests, score: inFile }) {
	if (score !== void 0) return {
		name: "score",
		value: score,
		scale: score_scale
	};
	if (inFile) return {
		...inFile,
		scale: inFile.scale ?? score_scale
	};
	return tests && {
		name: "score_scale",
		value: require_tests.passRateOf(tests),
		scale: score_scale ?? 100
	};
}
// src/plan/task.ts
function isBeginning({ kind }) {
	return kind === "start" || kind === "wait";
}
function taskOf(inputs, recording, job, stage) {
	const { now, newId, given, tracked } = stage;
	if (tracked) {
		const last = atEnd(recording, tracked, now);
		const span = tracked.exists ? void 0 : newSpanOf(inputs, last, tracked.id, job.title);
		return {
			kind: "end",
			id: tracked.id,
			recording: last,
			span
		};
	}
	const { operation, span_id, start_time } = inputs;
	const id = span_id ?? newId();
	const exists = {
		id,
		exists: true,
		given: [...given]
	};
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
					...exists,
					start_time,
					sent: []
				}
			};
			const known = atStart(recording, now);
			const span = newSpanOf(inputs, known, id, job.title);
			const sent = Object.keys(known.fields);
			return {
				kind: "start",
				span,
				tracked: {
					...exists,
					start_time: span.start_time,
					sent
				}
			};
		}
	}
}
// src/plan/plan.ts
function planOf(read, results, job, stage) {
	const { values } = read;
	const found = scoreFor(read, results);
	const metrics = metricsFor(values, results);
	const checked = check(read, results, found, metrics, job, stage);
	const { fatal, forgiven, isWhole } = checked;
	const inputs = {
		...defaultInputs(),
		...values
	};
	const recording = composeRecording(inputs, results, isWhole || values.score !== void 0 && stage.lost.length === 0 ? found : {}, checked, job);
	const recorded = isWhole ? metrics.all : metrics.given;
	if (inputs.operation === "update" && recorded.length === 0 && isEmptyPatch(patchFor(recording))) {
		const message = `update has nothing to record. Give one of ${RECORDING_INPUTS.join(", ")}`;
		throw require_tests.InputError.of("operation", message);
	}
	const cases = results.tests?.cases ?? [];
	return {
		inputs,
		task: taskOf(inputs, recording, job, stage),
		gate: recording.gate,
		metrics: recorded,
		caseSpans: cases.map((testCase) => caseSpanOf(testCase, stage.newId(), inputs.score_scale)),
		warnings: forgiven.map((problem) => warningOf(problem, job)),
		failure: fatal.length > 0 ? new require_tests.InputError(fatal) : void 0
	};
}
function warningOf(problem, { status }) {
	const ending = status === "failure" ? "has failed" : "was cancelled";
	return `${require_tests.problemLine(problem)}. The job ${ending}, so the rest is recorded without it`;
}
function closingPlan(error, reason, { values }, job, stage) {
	if (!stage.tracked || error instanceof require_tests.InputError || values.dry_run || !canSend(values, stage)) return void 0;
	const inputs = {
		...defaultInputs(),
		...values
	};
	const fallbackError = `The end of the job was not recorded: ${reason}`;
	return {
		inputs,
		task: taskOf(inputs, {
			...EMPTY_RECORDING,
			fallbackError
		}, job, stage),
		gate: void 0,
		metrics: [],
		caseSpans: [],
		warnings: [],
		failure: error
	};
}
// src/plan/read-files.ts
const NO_RESULTS = { problems: [] };
async function readFiles(read, host, stage) {
	const { values: inputs } = read;
	const results = await readResultsOf(inputs, host, stage).catch(problemsOf);
	const metaFile = await readMetaFile(inputs.meta_file, host.files);
	const meta = mergedMeta([results.fields?.meta, metaFile.fields?.meta]);
	const problems = [
		...resultsProblems(read),
		...outcomeProblems(inputs, results),
		...results.problems,
		...metaFile.problems
	];
	return {
		...results,
		fields: {
			...results.fields,
			...require_tests.defined({ meta })
		},
		problems: problems.map((problem) => ({
			...problem,
			isFromFile: true
		}))
	};
}
async function checkPatterns({ results_file = [] }, files) {
	const problems = [];
	for (const line of results_file.filter((line) => /^(?![!#]).*[*?[]/.test(line))) try {
		await files.find(line);
	} catch (error) {
		problems.push(require_tests.problemOf("results_file", require_tests.quoted(line), error));
	}
	return { problems };
}
async function readResultsOf(inputs, { files, jobBeganMs }, { now, tracked }) {
	const { results_file: patterns, results_format: format, score_pointer: pointer } = inputs;
	const metricsPointers = inputs.metrics_pointer;
	if (patterns === void 0 || format === void 0) return NO_RESULTS;
	if (format === "json" && pointer === void 0 && metricsPointers === void 0) return NO_RESULTS;
	const { readResults } = await Promise.resolve().then(() => __nccwpck_require__(632));
	return readResults({
		patterns,
		format,
		pointer,
		metricsPointers,
		keepCases: {
			kind: inputs.case_spans ?? "none",
			max: inputs.max_case_spans ?? 0
		},
		isAtEnd: tracked !== void 0,
		outcome: inputs.results_outcome,
		jobBeganMs
	}, files, now);
}
function outcomeProblems(inputs, { tests, fields, problems }) {
	const { results_outcome: outcome, results_file, error = fields?.error } = inputs;
	if (!isBadEnd(outcome) || results_file === void 0) return [];
	const name = "results_outcome";
	if (!tests && problems.length > 0) return [{
		name,
		message: `is ${outcome}: the step that should have written the results ${outcome === "failure" ? "failed" : "was cancelled"}. Look at its log`
	}];
	if (tests ? require_tests.failingCount(tests) > 0 : error !== void 0) return [];
	const message = `is ${outcome}, but ${tests ? "no case failed" : "the results name no error"}, so the run stopped early, or something failed that the results do not show. Look at the log of the step that wrote the results`;
	return [{
		name,
		message: tests || outcome !== "failure" ? message : message + ". A json or fields file names no case: let the tool exit with 0 whatever its score is, or leave results_outcome out"
	}];
}
function problemsOf(error) {
	if (!(error instanceof require_tests.InputError)) throw error;
	return { problems: error.problems };
}
async function readMetaFile(path, files) {
	if (path === void 0) return NO_RESULTS;
	try {
		return {
			fields: { meta: metaObject(await readText(files, path)) },
			problems: []
		};
	} catch (error) {
		return { problems: [require_tests.problemOf("meta_file", path, error)] };
	}
}
// src/report/inert.ts
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const LINE_BREAK = /\r\n|\r|\n/;
function inert(line) {
	return line.split(LINE_BREAK).map(visible).join(" \u23ce ").replaceAll("##[", "##\\[");
}
function visible(text) {
	return text.replace(INVISIBLE, (character) => character === "	" ? " " : `\\u{${character.codePointAt(0).toString(16)}}`);
}
// src/results/mean.ts
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
	get sum() {
		return this.#sum;
	}
	get count() {
		return this.#count;
	}
	get value() {
		return tidy(this.#sum / this.#count);
	}
};
var NamedMeans = class {
	#means = new Map();
	add(name, value) {
		if (name.trim() !== "" && value !== void 0) this.#of(name).add(value);
	}
	merge(others) {
		for (const [name, mean] of others.#means) this.#of(name).merge(mean);
	}
	get size() {
		return this.#means.size;
	}
	entries() {
		return [...this.#means].map(([name, mean]) => [name, mean.value]);
	}
	#of(name) {
		const mean = this.#means.get(name) ?? new Mean();
		this.#means.set(name, mean);
		return mean;
	}
};
function tidy(value) {
	return Number(value.toPrecision(12));
}
// src/report/changes.ts
function markedFailures({ tests, comparison }) {
	const left = [...comparison?.newly_failed ?? []];
	const failures = (tests?.failures ?? []).map((failure) => {
		const at = left.indexOf(failure.name);
		if (at >= 0) left.splice(at, 1);
		return {
			...failure,
			isNew: at >= 0
		};
	});
	const others = left.map((name) => ({
		name,
		message: "",
		isNew: true
	}));
	return [
		...failures.filter(({ isNew }) => isNew),
		...others,
		...failures.filter(({ isNew }) => !isNew)
	];
}
function signed(change) {
	return `${change > 0 ? "+" : change < 0 ? "\u2212" : "\u00b1"}${shortened(Math.abs(change))}`;
}
function originOf(comparison, start) {
	const { revision = "", start_time, run_url } = comparison;
	const [now = NaN, then = NaN] = [start, start_time].map(require_tests.instantOf);
	const ageMs = now - then;
	return {
		commit: /^[\da-f]{40,64}$/.test(revision) ? revision.slice(0, 7) : revision,
		age: ageMs >= 1e3 ? `${require_tests.ageText(ageMs)} earlier` : "",
		runUrl: run_url
	};
}
function metricRows({ metrics }) {
	return Object.entries(metrics).map(([name, { before, after }]) => [
		name,
		shortened(before),
		shortened(after),
		signed(tidy(after - before))
	]);
}
function comparisonLines({ comparison, span }) {
	if (!comparison) return [];
	const { branch, score, score_change, no_longer_failing = [] } = comparison;
	const gone = no_longer_failing.map((name) => require_tests.cut(name, 200));
	const { commit, age, runUrl } = originOf(comparison, span.start_time);
	const origin = require_tests.present([
		commit && `commit ${require_tests.cut(commit, 100)}`,
		age,
		runUrl
	]).join(", ");
	return require_tests.present([
		`Compared with ${require_tests.cut(branch, 200)}: score ${score} \u2192 ${score + score_change} (${signed(score_change)})${origin && `; ${origin}`}`,
		...metricRows(comparison).map(([name, before, after, change]) => `  ${require_tests.cut(name, 200)}: ${before} \u2192 ${after} (${change})`),
		gone.length > 0 && `  no longer failing: ${require_tests.firstOf(gone, 20).join(", ")}`
	]);
}
// src/report/rows.ts
const ROW_TITLES = {
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
	const values = outcome === "failed" && sent ? sent : span;
	const recorded = changed ?? require_tests.SPAN_FIELDS.filter((field) => sent && field in sent);
	const fields = outcome === "read" ? require_tests.SPAN_FIELDS.filter((field) => require_tests.textOf(span[field])) : recorded;
	const old = changed && before;
	return fields.map((field) => ({
		field,
		before: old && require_tests.textOf(old[field]) ? valueText(field, old) : void 0,
		after: field === "meta" ? changedKeysText(old?.meta, values.meta) : newText(field, values, report)
	}));
}
function newText(field, values, { tests }) {
	const text = valueText(field, values);
	return field === "error" && tests && repeatsFailures(text, tests.failures) ? `(${require_tests.counted(require_tests.failingCount(tests), "failure")})` : text;
}
function repeatsFailures(error, failures) {
	const isRepeated = (line) => /^and \d+ more$/.test(line) || failures.some(({ name }) => line.startsWith(name));
	return error.split("\n").every(isRepeated);
}
function valueText(field, values) {
	if (field === "meta") return keysText(values.meta);
	const text = require_tests.textOf(values[field]);
	if (text === "") return NOTHING;
	const instant = field.endsWith("_time") ? require_tests.instantOf(text) : void 0;
	return instant === void 0 ? text : `${new Date(instant).toISOString().replace("T", " ").replace(/\..*/, "")} UTC`;
}
function changedKeysText(old, now) {
	const changed = Object.entries(now ?? {}).filter(([key, value]) => !require_tests.sameJson(old?.[key], value));
	return [keysText(now), ...familiesOf(changed.map(([key]) => key))].join(", ").replace(", ", ": ");
}
function keysText(meta) {
	return require_tests.counted(Object.keys(meta ?? {}).length, "key");
}
function familiesOf(keys) {
	return [...Map.groupBy(keys, (key) => key.split(".")[0])].map(([family, those]) => those.length > 1 ? `${family}.*` : those.join());
}
// src/report/log.ts
const MAX_VALUE = 200;
const MAX_FAILURE = 2e3;
const MAX_BODY = 2e4;
const MAX_LISTED = 50;
function logOf(report) {
	return [
		...spanLines(report),
		...comparisonLines(report),
		...resultLines(report),
		...unsentLines(report),
		...gateLines(report)
	];
}
function spanLines(report) {
	const { outcome, spanId, span, changed, requests, elapsedMs } = report;
	const effort = requests === 0 ? "nothing sent" : `${require_tests.counted(requests, "request")}, ${require_tests.secondsText(elapsedMs)}`;
	const id = span.id ?? spanId;
	const names = require_tests.present([
		id && ` ${require_tests.cut(id, MAX_VALUE)}`,
		span.name && ` "${require_tests.cut(span.name, MAX_VALUE)}"`,
		span.parent_id && ` under ${require_tests.cut(span.parent_id, MAX_VALUE)}`,
		isNew(outcome) && span.trace_id && !span.parent_id && " (root span)"
	]);
	const rows = rowsOf(report).map(({ field, before, after }) => {
		return `  ${field}: ${before === void 0 ? "" : `${require_tests.cut(before, MAX_VALUE)} \u2192 `}${require_tests.cut(after, MAX_VALUE)}`;
	});
	const feedback = feedbackText(span.feedback);
	const isPlain = outcome === "updated" || outcome === "read" || rows.length === 0;
	return require_tests.present([
		`Span${names.join("")}: ${outcome} (${effort})`,
		!isPlain && `${ROW_TITLES[outcome]}:`,
		...rows,
		changed?.length === 0 && `  no field changed: the span already had these values`,
		feedback && `  human feedback: ${require_tests.cut(feedback, MAX_VALUE)}`
	]);
}
function resultLines(report) {
	const { tests, files, metrics, caseSpans } = report;
	const failures = markedFailures(report).map((failure) => `\u2717 ${failure.isNew ? "new: " : ""}${require_tests.cut(failureLine(failure), MAX_FAILURE)}`);
	const total = tests ? require_tests.failingCount(tests) : 0;
	const values = Object.entries(metrics ?? {}).map(([name, value]) => `${require_tests.cut(name, MAX_VALUE)} ${shortened(value)}`);
	return require_tests.present([
		tests && `Results: ${testsText(tests)}, from ${require_tests.listed(tests.files)}`,
		files.length > 0 && `Results: from ${require_tests.listed(files)}`,
		...require_tests.firstOf(failures, MAX_LISTED, total).map((line) => `  ${line}`),
		values.length > 0 && `Metrics: ${require_tests.firstOf(values, MAX_LISTED).join(", ")}`,
		caseSpans && caseSpansText(caseSpans)
	]);
}
function unsentLines({ dryRun }) {
	const lines = dryRun.map(({ method, url, body }) => require_tests.present([
		"Not sent:",
		method,
		url,
		body !== void 0 && require_tests.cut(JSON.stringify(body), MAX_BODY)
	]).join(" "));
	return require_tests.firstOf(lines, MAX_LISTED);
}
function gateLines({ gates }) {
	return gates.filter(({ isPassed }) => isPassed).map(({ text }) => `Gate: ${text}`);
}
// src/report/outputs.ts
const VALUES = {
	outcome: ({ outcome }) => outcome,
	id: ({ span, spanId }) => span.id ?? spanId,
	name: ({ span }) => span.name,
	type: ({ span }) => span.type,
	start_time: ({ span }) => span.start_time,
	end_time: ({ span }) => span.end_time,
	duration_ms: ({ span }) => require_tests.durationMsOf(span),
	input: ({ span }) => span.input,
	output: ({ span }) => span.output,
	error: ({ span }) => span.error,
	meta: ({ span }) => span.meta,
	score: ({ span }) => span.score,
	trace_id: ({ span }) => span.trace_id,
	parent_id: ({ span }) => span.parent_id,
	feedback_score: ({ span }) => span.feedback?.score,
	feedback_comment: ({ span }) => span.feedback?.comment,
	changed: ({ changed }) => changed,
	metrics: ({ metrics }) => metrics,
	case_spans: ({ caseSpans }) => caseSpans?.created,
	span: ({ span }) => Object.keys(span).length > 0 ? span : void 0,
	span_file: () => void 0,
	summary_file: () => void 0,
	baseline_score: ({ comparison }) => comparison?.score,
	score_change: ({ comparison }) => comparison && changeText(comparison.score_change),
	comparison: ({ comparison }) => comparison,
	status: ({ status }) => status
};
const OUTPUTS = Object.keys(VALUES);
const MAX_OUTPUTS_BYTES = 1048576;
function outputsOf(report) {
	return Object.fromEntries(OUTPUTS.map((name) => [name, require_tests.textOf(VALUES[name](report))]));
}
function changeText(change) {
	return change > 0 ? `+${change}` : String(change);
}
function fittingOutputs(outputs) {
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
const ESCAPES = /%[\da-f]|\\|&[#a-z]/i;
const ENTITIES$1 = {
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
	const inValues = (text) => short.reduce((rest, secret) => rest.replaceAll(secret, "***"), inKeys(text));
	const redact = (value) => {
		if (typeof value === "string") return inValues(value);
		if (Array.isArray(value)) return value.map(redact);
		if (!require_tests.isJsonObject(value)) return value;
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
	const entity = require_tests.present([
		`#0*${code}`,
		`#[xX]0*${hex}`,
		ENTITIES$1[character]
	]).join("|");
	const escaped = /\w/.test(character) ? [] : [`\\\\${plain}`];
	return `(?:${[
		`&(?:${entity});`,
		`%${hex}`,
		`\\\\u00${hex}`,
		...escaped,
		plain
	].join("|")})`;
}
// src/report/html.ts
const MAX_CELL = 300;
const LONG_PIECE = /\S{30}(?=\S)/gu;
const ENTITIES = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	"\"": "&quot;",
	"'": "&#39;"
};
function html(text, maxLength) {
	return require_tests.cut(text, maxLength).split(LINE_BREAK).map((line) => visible(line).replace(LONG_PIECE, "$&\n").split("\n").map(escaped).join("<wbr>")).join("<br>");
}
function escaped(text) {
	return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
function table(head, rows, max = rows.length) {
	const lines = [head.map((cell) => `<th>${cell}</th>`), ...rows.slice(0, max).map((row) => row.map((cell) => `<td>${cell}</td>`))];
	const more = rows.length > max ? `\n<p>and ${rows.length - max} more</p>` : "";
	return `<table>\n${lines.map((cells) => `<tr>${cells.join("")}</tr>`).join("\n")}\n</table>${more}`;
}
function list(items) {
	return items.length > 0 ? `<ul>\n${items.join("\n")}\n</ul>` : "";
}
function codes(texts, max) {
	const shown = texts.map((text) => code(text));
	return require_tests.firstOf(shown, max).join(" \u00b7 ");
}
function paragraph(lines) {
	return `<p>${lines.join("<br>\n")}</p>`;
}
function code(text, maxLength = MAX_CELL) {
	return `<code>${html(text, maxLength)}</code>`;
}
function link(url, text) {
	return `<a href="${escaped(visible(url))}">${text}</a>`;
}
// src/report/summary.ts
const MAX_SUMMARY_BYTES = 1e6;
const MAX_LINE$1 = 1e3;
const MAX_LINES$1 = 50;
const MAX_KEYS = 100;
const MAX_METRICS = 30;
const MAX_FILES = 5;
const MAX_OPEN = 5;
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
function summaryOf(report, docs) {
	const ranked = report.findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
	return `${fittingBlocks(require_tests.present([
		headingOf(report),
		comparisonBlock(report),
		...ranked.map(findingBlock),
		adviceBlock(report, docs),
		testsBlock(report),
		spanBlock(report),
		rowsBlock(report),
		measuresBlock(report),
		unsentBlock(report),
		metaBlock(report)
	])).join("\n\n")}\n\n`;
}
function fittingBlocks(blocks) {
	let total = 0;
	return blocks.filter((block) => {
		total += Buffer.byteLength(block) + 2;
		return total < MAX_SUMMARY_BYTES;
	});
}
function headingOf(report) {
	const { outcome, jobStatus, findings, gates, tests, span } = report;
	const [icon, ending] = ENDINGS[outcome];
	const failed = tests ? require_tests.failingCount(tests) : 0;
	const hasError = findings.some(({ level }) => level === "error");
	const hasWarning = findings.some(({ level }) => level === "warning");
	const lacksResults = findings.some(({ lines }) => lines.some((line) => line.startsWith("results_file: ")));
	const hasOwnError = outcome !== "read" && Boolean(span.error);
	const isGateMissed = gates.some(({ isPassed }) => !isPassed);
	const isRed = jobStatus === "failure" || isGateMissed || outcome === "failed" || hasError;
	const mark = isRed ? "\u274c" : jobStatus === "cancelled" ? "\ud83d\udeab" : failed > 0 || hasWarning || hasOwnError ? "\u26a0\ufe0f" : icon;
	const run = require_tests.present([
		jobStatus === "failure" && "job failed",
		jobStatus === "cancelled" && "job cancelled",
		lacksResults && (tests ? "some results missing" : "results missing"),
		tests && resultText(tests, failed),
		...scoreTexts(report),
		hasOwnError && !isRed && failed === 0 && jobStatus !== "cancelled" && "with an error"
	]).join(", ");
	const effect = outcome !== "failed" && hasError && !lacksResults ? `${ending}, with errors` : ending;
	return `<h3>${mark} ${require_tests.present([run.replace(/^[a-z]/, (letter) => letter.toUpperCase()), effect]).join(" \u00b7 ")}</h3>`;
}
function scoreTexts({ gates, comparison, span }) {
	const score = require_tests.cut(require_tests.textOf(span.score), 40);
	const [first = score && `score ${score}`, ...others] = gates.filter(({ afterChange }) => afterChange === void 0).map(({ text }) => text);
	if (!comparison) return require_tests.present([first, ...others]);
	const afterChange = gates.map((gate) => gate.afterChange ?? "").join("");
	const { branch, score: before, score_change } = comparison;
	return [`${first} ${`(${code(branch)}: ${before}, ${signed(score_change)}${afterChange})`}`, ...others];
}
function resultText({ passed }, failed) {
	return `${failed || passed} of ${require_tests.counted(passed + failed, "test")} ${failed > 0 ? "failed" : "passed"}`;
}
function comparisonBlock({ comparison, span }) {
	if (!comparison) return "";
	const { commit, age, runUrl } = originOf(comparison, span.start_time);
	const origin = require_tests.present([
		`Compared with ${code(comparison.branch)}`,
		commit && `commit ${code(commit)}`,
		age,
		runUrl && link(runUrl, "its run")
	]);
	const rows = metricRows(comparison).map(([name, ...values]) => [code(name), ...values]);
	const head = [
		"Metric",
		code(comparison.branch),
		"This run",
		"Change"
	];
	const metrics = rows.length > 0 && table(head, rows, MAX_METRICS);
	return require_tests.present([paragraph([origin.join(" \u00b7 ")]), metrics]).join("\n");
}
function findingBlock({ level, title, lines }) {
	const texts = require_tests.firstOf(lines, MAX_LINES$1).map((line) => code(line, MAX_LINE$1));
	return paragraph([`${MARKS[level]} <b>${title}</b>`, ...texts]);
}
function testsBlock(report) {
	const { tests, comparison } = report;
	if (!tests) return "";
	const failures = markedFailures(report);
	const items = failures.map(({ name, message, file, isNew }) => `<li>${require_tests.present([`${isNew ? "\ud83c\udd95 " : ""}${code(name, MAX_LINE$1)}${file ? ` in ${code(file)}` : ""}`, message && code(message, 2 * MAX_LINE$1)]).join("<br>")}</li>`);
	const files = codes(tests.files, MAX_FILES);
	const unlisted = require_tests.failingCount(tests) - failures.length;
	const last = unlisted > 0 ? [`<li>and ${unlisted} more, in ${files}</li>`] : [];
	const [open, folded] = [items.slice(0, MAX_OPEN), items.slice(MAX_OPEN)];
	const gone = comparison?.no_longer_failing ?? [];
	return require_tests.present([
		paragraph([barOf(tests), `${html(countsText(tests), MAX_LINE$1)}, from ${files}`]),
		list(folded.length > 0 ? open : [...open, ...last]),
		folded.length > 0 && `<details><summary>${require_tests.counted(folded.length, "more failure")}</summary>\n${list([...folded, ...last])}\n</details>`,
		gone.length > 0 && paragraph([`No longer failing: ${codes(gone, MAX_LINES$1)}`])
	]).join("\n");
}
function barOf(tests) {
	const names = Object.keys(SQUARES).filter((name) => tests[name] > 0);
	const total = names.reduce((sum, name) => sum + tests[name], 0);
	const lengths = names.map((name) => Math.max(1, Math.floor(BAR_LENGTH * tests[name] / total)));
	const missing = BAR_LENGTH - lengths.reduce((sum, length) => sum + length, 0);
	const longest = lengths.indexOf(Math.max(...lengths));
	return names.map((name, index) => SQUARES[name].repeat((lengths[index] ?? 0) + (index === longest ? missing : 0))).join("");
}
function adviceBlock({ findings, gates }, docs) {
	const wrong = findings.find(({ level }) => level !== "notice");
	if (!wrong && gates.every(({ isPassed }) => isPassed)) return "";
	return paragraph([`What to do: ${link(docs + (wrong ? anchorOf(wrong) : ANCHORS["Opper span: gate"]), "troubleshooting")}`]);
}
function anchorOf({ title, lines }) {
	const anchor = ANCHORS[title];
	return anchor === "#inputs" && /^results_(file|outcome): /.test(`${lines[0]}`) ? "#results-files" : anchor;
}
function spanBlock({ spanId, span, links }) {
	const id = span.id ?? spanId;
	const names = require_tests.present([span.name, id]).map((text) => code(text));
	if (names.length === 0) return "";
	if (span.parent_id) names.push("under", code(span.parent_id));
	if (span.trace_id) names.push("in trace", code(span.trace_id));
	const duration = require_tests.durationMsOf(span);
	const facts = require_tests.present([
		duration !== void 0 && duration !== 0 && `took ${require_tests.secondsText(duration)}`,
		links.commit && `commit ${link(links.commit, code(links.commit.replace(/.*\//, "").slice(0, 7)))}`,
		links.job && links.job !== links.run && link(links.job, "job"),
		links.run && link(links.run, "workflow run"),
		link(TRACES, "Opper traces")
	]);
	return paragraph([`Span ${names.join(" ")}`, facts.join(" \u00b7 ")]);
}
function rowsBlock(report) {
	const { changed, outcome, findings } = report;
	const rows = rowsOf(report).filter(({ field }) => field !== "meta" || metaBlock(report) === "");
	if (rows.length === 0) return changed?.length === 0 ? paragraph([UNCHANGED]) : "";
	const hasBefore = rows.some(({ before }) => before !== void 0);
	const head = hasBefore ? [
		"Field",
		"Before",
		"After"
	] : ["Field", ROW_TITLES[outcome]];
	const isAbove = (field, text) => field === "error" && findings.some(({ lines }) => lines.join("\n") === text);
	return table(head, rows.map(({ field, before, after }) => [
		code(field),
		...hasBefore ? [before === void 0 ? "" : code(before)] : [],
		isAbove(field, after) ? "(see above)" : code(after)
	]));
}
function measuresBlock({ files, metrics, comparison, caseSpans, span }) {
	const feedback = feedbackText(span.feedback);
	const values = Object.entries(metrics ?? {}).filter(([name]) => !Object.hasOwn(comparison?.metrics ?? {}, name)).map(([name, value]) => `${code(name)} ${shortened(value)}`);
	const lines = require_tests.present([
		files.length > 0 && `Results from ${codes(files, MAX_FILES)}`,
		values.length > 0 && `Metrics: ${require_tests.firstOf(values, MAX_LINES$1).join(" \u00b7 ")}`,
		caseSpans && caseSpansText(caseSpans),
		feedback && `Human feedback: ${code(feedback)}`
	]);
	return lines.length > 0 ? paragraph(lines) : "";
}
function unsentBlock({ dryRun }) {
	const lines = dryRun.map(({ method, url }) => code(`${method} ${url}`));
	return lines.length > 0 ? paragraph(["Not sent (the log has the bodies):", ...require_tests.firstOf(lines, MAX_LINES$1)]) : "";
}
function metaBlock(report) {
	const { sent, outcome } = report;
	const rows = Object.entries(sent?.meta ?? {}).map(([key, value]) => [code(key), code(require_tests.textOf(value))]);
	if (rows.length === 0) return "";
	return `<details><summary>${`${ROW_TITLES[outcome]}: meta, ${require_tests.counted(rows.length, "key")}`}</summary>\n${table(["Key", "Value"], rows, MAX_KEYS)}\n</details>`;
}
// src/report/reporter.ts
const MAX_LINES = 100;
const MAX_LINE = 4e3;
function createReporter(host, secrets) {
	const { core } = host;
	const lines = secrets.flatMap((secret) => secret.split(/[\r\n]/)).map((line) => line.trim());
	const masked = [...new Set(lines)].filter((line) => line !== "");
	for (const line of masked) core.setSecret(line);
	const redact = redactorOf(masked);
	const safeId = (id) => UUID.test(id) && !masked.includes(id) ? id : redact(id);
	let isTracking = false;
	return {
		info: (line) => core.info(inert(redact(line))),
		saveTracked(tracked) {
			try {
				core.saveState("tracked", tracked ? JSON.stringify({
					...tracked,
					id: safeId(tracked.id)
				}) : "");
				isTracking = tracked !== void 0;
			} catch (error) {
				if (isTracking) return;
				throw require_tests.InputError.of("GITHUB_STATE", `cannot be written (${whyUnread(error)}), so the span would never end. In a container job, use a user that can write the files of the runner`);
			}
		},
		redact,
		publish(raw, options) {
			const report = withoutSecrets(raw, redact);
			const { findings } = report;
			const attempt = (work, level, failure) => {
				try {
					work();
				} catch (error) {
					findings.push({
						level,
						title: "Opper span",
						lines: [`${failure}: ${redact(require_tests.headlineOf(error))}`]
					});
				}
			};
			const summary = () => summaryOf(report, host.docs);
			if (options.outputs) {
				const outputs = { ...outputsOf(report) };
				attempt(() => {
					if (outputs.span) outputs.span_file = host.writeTemp("opper-span.json", outputs.span);
					if (!isTracking) outputs.summary_file = host.writeTemp("opper-summary.md", summary());
				}, "warning", "The files for the outputs span_file and summary_file cannot be written");
				const { fit, dropped } = fittingOutputs(outputs);
				if (dropped.length > 0) warn(report, [tooLong(dropped)]);
				attempt(() => {
					for (const name of OUTPUTS) core.setOutput(name, fit[name]);
					for (const [name, id] of variablesOf(report)) core.exportVariable(name, id);
				}, "error", "The outputs cannot be written, so later steps do not get them");
			}
			for (const line of logOf(report)) core.info(inert(line));
			if (options.summary && !isTracking) attempt(() => host.appendSummary(summary()), "warning", "The job summary cannot be written");
			findings.push(...missedGates(report.gates));
			for (const { level, title, lines } of findings) core[level](annotationOf(lines), { title });
			return findings.some(({ level }) => level === "error") ? 1 : 0;
		}
	};
}
function withoutSecrets(report, redact) {
	const { outcome, jobStatus, changed, gates } = report;
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
		gates,
		findings
	};
}
function variablesOf({ outcome, span }) {
	if (!isNew(outcome)) return [];
	return Object.entries({
		OPPER_SPAN_ID: span.id,
		OPPER_TRACE_ID: span.trace_id
	}).filter((pair) => UUID.test(String(pair[1])));
}
function missedGates(gates) {
	return gates.filter(({ isPassed }) => !isPassed).map(({ text, advice }) => {
		return {
			level: "error",
			title: "Opper span: gate",
			lines: [require_tests.present([text, advice]).join(". ")]
		};
	});
}
function annotationOf(lines) {
	return require_tests.firstOf(lines, MAX_LINES).map((line) => inert(require_tests.cut(line, MAX_LINE))).join("\n");
}
function tooLong(names) {
	return `The outputs together exceed GitHub's limit of 1 MiB. Left empty: ${names.join(", ")}. The file at span_file has the whole span`;
}
// src/without-sending.ts
const WITHHELD = "GitHub gives no secrets to pull requests from forks and from Dependabot, so there is no API key and nothing was recorded";
function withoutSending(plan, reporter, report) {
	const { task, inputs } = plan;
	const { id, sent, request } = spanRequestOf(task, inputs.base_url);
	report.sent = sent;
	const knownId = inputs.dry_run ? id : inputs.span_id;
	report.span = {
		...require_tests.defined({ id: knownId }),
		...Object.fromEntries(Object.entries(sent ?? {}).filter(([, value]) => value !== null))
	};
	const { dry_run, max_drop } = inputs;
	if (max_drop !== void 0 && !isBeginning(task)) report.findings.push(notCompared("notice", inputs));
	if (dry_run) {
		report.outcome = "dry-run";
		report.dryRun = [...request, ...sent && task.kind !== "start" ? childRequests(plan, id) : []];
	} else {
		report.outcome = "skipped";
		if (task.kind !== "end") report.findings.push({
			level: "notice",
			title: "Opper span: skipped",
			lines: [WITHHELD]
		});
	}
	if (task.kind === "start") reporter.saveTracked(inputs.dry_run ? task.tracked : beforeResponse(task.tracked));
	if (task.kind === "wait") reporter.saveTracked(task.tracked);
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
		case "create":
		case "start": return creationOf(task.span, baseUrl);
		default: {
			const { id } = task;
			if (task.kind === "end" && task.span) return creationOf(task.span, baseUrl);
			const body = patchFor(task.recording);
			return {
				id,
				sent: body,
				request: [{
					...isEmptyPatch(body) ? { method: "GET" } : {
						method: "PATCH",
						body
					},
					url: spanUrl(baseUrl, id)
				}]
			};
		}
	}
}
function creationOf(span, baseUrl) {
	const request = {
		method: "POST",
		url: spanUrl(baseUrl),
		body: { ...span }
	};
	return {
		id: span.id,
		sent: require_tests.fieldsOf(span),
		request: [request]
	};
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
// src/run.ts
async function run(host, tracked) {
	const getInput = (name) => tracked && name === "operation" ? "track" : host.core.getInput(name, { trimWhitespace: false });
	const reporter = createReporter(host, [getInput("api_key"), host.env.OPPER_API_KEY ?? ""]);
	const startedAt = host.now();
	const now = new Date(startedAt);
	const lost = tracked?.given.filter((name) => getInput(name).trim() === "") ?? [];
	const stage = {
		now,
		newId: host.newId,
		given: givenInputs(getInput),
		tracked,
		lost
	};
	const { values, problems } = readInputs(getInput, host.env.OPPER_API_KEY, now);
	const misspelt = tracked ? [] : misspeltProblems(Object.keys(host.env));
	const read = {
		values,
		problems: [...problems, ...misspelt]
	};
	const isStart = values.operation === "track" && !tracked;
	const job = jobOf(host.context, isStart ? {
		...values,
		job_status: void 0
	} : values);
	const report = newReport(tracked && (tracked.exists || values.api_key !== void 0) ? tracked.id : values.span_id, job);
	if (host.eventProblem) warn(report, [host.eventProblem]);
	let plan;
	try {
		plan = await planFor(read, host, job, stage, reporter, report);
		warn(report, plan.warnings);
		await carryOut(plan, host, job, reporter, report);
	} catch (error) {
		if (!isDone(report.outcome)) report.outcome = "failed";
		report.findings.push(findingOf(error, values, "nothing"));
		if (error instanceof require_tests.ApiError && levelOf(values) === "warning" && values.max_drop !== void 0) report.findings.push(notCompared("warning", values));
	}
	if (plan?.failure) {
		const recorded = isWritten(report.outcome) ? "the rest" : "nothing";
		report.findings.unshift(findingOf(plan.failure, values, recorded));
	}
	if (plan && !isStart) report.gates = judgedGates(plan, job, report);
	report.elapsedMs = host.now() - startedAt;
	return reporter.publish(report, {
		outputs: !tracked,
		summary: values.summary !== false
	});
}
async function carryOut(plan, host, job, reporter, report) {
	const { inputs, task } = plan;
	if (inputs.dry_run || inputs.api_key === void 0) {
		withoutSending(plan, reporter, report);
		return;
	}
	const client = clientOf(host, inputs, inputs.api_key, reporter);
	await execute(plan, client, reporter, report);
	if (inputs.baseline === void 0 || isBeginning(task)) return;
	const { compareWithBaseline } = await Promise.resolve().then(() => __nccwpck_require__(406));
	await compareWithBaseline(inputs.baseline, plan, job, client, report);
}
function judgedGates({ inputs, gate, failure }, job, report) {
	const score = scoreOnSpan(report);
	const needsScore = !job.endedBadly && failure === void 0;
	const dropGate = maxDropGate(inputs.max_drop, score, report.comparison, needsScore);
	return require_tests.present([...gatesOf(gate, score), dropGate]);
}
async function planFor(read, host, job, stage, { redact }, report) {
	try {
		const results = await resultsAt(stage, read, host, job);
		report.tests = results.tests;
		report.files = results.files ?? [];
		warn(report, results.warnings ?? []);
		const score = results.score && {
			...results.score,
			name: redact(results.score.name)
		};
		const safe = withoutKey({
			...results,
			...require_tests.defined({ score })
		}, redact);
		return planOf(withoutKey(read, redact), safe, job, stage);
	} catch (error) {
		const plan = closingPlan(error, redact(require_tests.headlineOf(error)), read, job, stage);
		if (!plan) throw error;
		return plan;
	}
}
function withoutKey(part, redact) {
	const problems = part.problems.map(({ name, message, ...origin }) => {
		return {
			name: name.includes(" ") ? redact(name) : name,
			message: redact(message),
			...origin
		};
	});
	return {
		...part,
		problems
	};
}
async function resultsAt(stage, read, host, { withholdsSecrets }) {
	const { tracked } = stage;
	const { operation, api_key, dry_run, min_score, max_drop } = read.values;
	if (operation === "track" && !tracked) return checkPatterns(read.values, host.files);
	if (tracked && withholdsSecrets && api_key === void 0 && !dry_run && !(min_score !== void 0 || max_drop !== void 0)) return NO_RESULTS;
	return readFiles(read, host, stage);
}
function clientOf(host, inputs, apiKey, reporter) {
	const { base_url: baseUrl, timeout_seconds, retries } = inputs;
	const timeoutMs = Math.round(timeout_seconds * 1e3);
	return createClient({
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
		onRetry: reporter.info
	});
}
// src/step.ts
var step_exports = __exportAll({ step: () => step });
function step(state) {
	require_tests.config({ jitless: true });
	process.exitCode = 1;
	Promise.try(() => run(nodeHost, state === void 0 ? void 0 : parseTracked(state))).then(exit, (thrown) => {
		error(require_tests.headlineOf(thrown), { title: "Opper span: internal error" });
		exit(1);
	});
}
function exit(code) {
	process.stdout.write("", () => process.exit(code));
}
Object.defineProperty(exports, "Mean", ({
	enumerable: true,
	get: function() {
		return Mean;
	}
}));
Object.defineProperty(exports, "NamedMeans", ({
	enumerable: true,
	get: function() {
		return NamedMeans;
	}
}));
Object.defineProperty(exports, "RESULT_FACT", ({
	enumerable: true,
	get: function() {
		return RESULT_FACT;
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
Object.defineProperty(exports, "chain", ({
	enumerable: true,
	get: function() {
		return chain;
	}
}));
Object.defineProperty(exports, "changesBetween", ({
	enumerable: true,
	get: function() {
		return changesBetween;
	}
}));
Object.defineProperty(exports, "isDone", ({
	enumerable: true,
	get: function() {
		return isDone;
	}
}));
Object.defineProperty(exports, "isEmptyPatch", ({
	enumerable: true,
	get: function() {
		return isEmptyPatch;
	}
}));
Object.defineProperty(exports, "levelOf", ({
	enumerable: true,
	get: function() {
		return levelOf;
	}
}));
Object.defineProperty(exports, "maxDropGate", ({
	enumerable: true,
	get: function() {
		return maxDropGate;
	}
}));
Object.defineProperty(exports, "newestOf", ({
	enumerable: true,
	get: function() {
		return newestOf;
	}
}));
Object.defineProperty(exports, "openText", ({
	enumerable: true,
	get: function() {
		return openText;
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
Object.defineProperty(exports, "scoreOnSpan", ({
	enumerable: true,
	get: function() {
		return scoreOnSpan;
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
Object.defineProperty(exports, "tidy", ({
	enumerable: true,
	get: function() {
		return tidy;
	}
}));
Object.defineProperty(exports, "tooLarge", ({
	enumerable: true,
	get: function() {
		return tooLarge;
	}
}));
Object.defineProperty(exports, "withFailure", ({
	enumerable: true,
	get: function() {
		return withFailure;
	}
}));

})();

module.exports = __webpack_exports__;
/******/ })()
;