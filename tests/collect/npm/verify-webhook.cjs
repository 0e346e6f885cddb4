// Verifies a webhook from standard input by PACKAGE: {"body": …, "headers": {…}, "secret": …}.
const { Webhook } = require(process.argv[2]);

let text = "";
process.stdin.on("data", (chunk) => {
  text += chunk;
});
process.stdin.on("end", () => {
  const { body, headers, secret } = JSON.parse(text);
  const verified = new Webhook(secret).verify(body, headers);
  console.log(JSON.stringify(verified));
});
