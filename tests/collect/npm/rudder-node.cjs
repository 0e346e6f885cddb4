// Events by @rudderstack/rudder-sdk-node. It gives up after three tries, so it is told to try more.
const RudderAnalytics = require("@rudderstack/rudder-sdk-node");

const [url, key, prefix, count] = process.argv.slice(2);
const client = new RudderAnalytics(key, { dataPlaneUrl: url, flushInterval: 100, retryCount: 100 });
let left = Number(count);

(async () => {
  for (let number = 0; number < Number(count); number += 1) {
    client.track(
      { messageId: `${prefix}-${number}`, userId: prefix, event: "Product Viewed", properties: { number } },
      (error) => {
        left -= 1;
        if (error) {
          console.error(error);
          process.exitCode = 1;
        }
        if (left === 0) {
          process.exit();
        }
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await client.flush();
})();
