import { InputError } from '../errors.ts';

const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];

type Environment = Readonly<Record<string, string | undefined>>;
/** The one function of node:http that is needed; early releases of Node 24 lack it. */
interface Http {
  setGlobalProxyFromEnv?: (env: NodeJS.ProcessEnv) => unknown;
}

/**
 * Makes `fetch` use the proxies that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, in either case, which Node does by itself
 * only when started with NODE_USE_ENV_PROXY=1 (nodejs.org/api/http, "Built-in Proxy Support"). Resolves to warnings.
 * Throws {@link InputError} for a proxy that is no URL. `loadHttp` is called where there is a proxy, since loading node:http
 * costs a third of the step's start.
 */
export async function useProxy(env: Environment, loadHttp: () => Promise<Http>): Promise<readonly string[]> {
  const variables = PROXY_VARIABLES.filter((name) => env[name]);
  const [variable] = variables;
  if (!variable || env.NODE_USE_ENV_PROXY === '1') return [];
  const { setGlobalProxyFromEnv } = await loadHttp();
  if (!setGlobalProxyFromEnv) {
    return [
      `${variable} is set, but this release of Node can follow it only from its start. Set NODE_USE_ENV_PROXY to 1 in the env of the step; until then the request goes out directly`,
    ];
  }
  try {
    setGlobalProxyFromEnv(env as NodeJS.ProcessEnv);
  } catch {
    // Neither the value nor what Node says of it is shown: a proxy's URL may hold a password.
    const wrong = variables.filter((name) => !/^https?:$/.test(URL.parse(env[name] ?? '')?.protocol ?? ''));
    const names = wrong.length > 0 ? wrong : variables;
    throw new InputError(
      names.map((name) => ({ name, message: 'is not a URL such as http://proxy.example:3128' })),
    );
  }
  return [];
}
