// Events by @segment/analytics-node.
const { Analytics } = require("@segment/analytics-node");

const [url, key, prefix, count] = process.argv.slice(2);
const analytics = new Analytics({ host: url, writeKey: key, flushInterval: 100 });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});

(async () => {
  for (let number = 0; number < Number(count); number += 1) {
    analytics.track({
      messageId: `${prefix}-${number}`,
      userId: prefix,
      event: "Product Viewed",
      properties: { number },
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await analytics.closeAndFlush({ timeout: 120000 });
})();
