// `npm run try`. This file is JavaScript, so that it also runs on a Node too old for TypeScript.
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import('./try.ts');
} else {
  console.error(
    `This is Node ${process.versions.node}; the action runs on Node 24. On Linux, npm ci installs it for npm run try. Elsewhere, install it yourself.`,
  );
  process.exitCode = 2;
}
