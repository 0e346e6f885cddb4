// Events by @rudderstack/rudder-sdk-node: the second half once a line has come on standard input.
// It gives up after three tries, so it is told to try more.
const RudderAnalytics = require("@rudderstack/rudder-sdk-node");

const [url, key, prefix, count] = process.argv.slice(2);
const client = new RudderAnalytics(key, { dataPlaneUrl: url, flushInterval: 100, retryCount: 100 });

function sent(from, to) {
  const numbers = Array.from({ length: to - from }, (_, step) => from + step);
  return Promise.all(
    numbers.map(
      (number) =>
        new Promise((resolve, reject) => {
          client.track(
            {
              messageId: `${prefix}-${number}`,
              userId: prefix,
              event: "Product Viewed",
              properties: { number },
            },
            (error) => (error ? reject(error) : resolve()),
          );
        }),
    ),
  );
}

(async () => {
  const half = Math.floor(Number(count) / 2);
  await sent(0, half);
  await new Promise((resolve) => process.stdin.once("data", resolve));
  await sent(half, Number(count));
  process.exit();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
