// `npm run try`. JavaScript, so that a Node too old for TypeScript can say so.
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import('./try.ts');
} else {
  console.error(
    `This is Node ${process.versions.node}; the action runs on Node 24. On Linux npm ci puts one in place, for npm run try; elsewhere install it.`,
  );
  process.exitCode = 2;
}
