// Events by @segment/analytics-node: the second half once a line has come on standard input.
const { Analytics } = require("@segment/analytics-node");

const [url, key, prefix, count] = process.argv.slice(2);
const analytics = new Analytics({ host: url, writeKey: key, flushInterval: 100 });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});

function sent(from, to) {
  const numbers = Array.from({ length: to - from }, (_, step) => from + step);
  return Promise.all(
    numbers.map(
      (number) =>
        new Promise((resolve) => {
          analytics.track(
            {
              messageId: `${prefix}-${number}`,
              userId: prefix,
              event: "Product Viewed",
              properties: { number },
            },
            resolve,
          );
        }),
    ),
  );
}

(async () => {
  const half = Math.floor(Number(count) / 2);
  await sent(0, half);
  await new Promise((resolve) => process.stdin.once("data", resolve));
  process.stdin.destroy();
  await sent(half, Number(count));
  await analytics.closeAndFlush({ timeout: 120000 });
})();
