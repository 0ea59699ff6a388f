// Publishes one submission and waits for its verdict.
//
//     npm install
//     node publish-submission.js pdx311.json submission.json
//
// Exit code: 0 accepted or duplicate, 3 redirected, 4 rejected, 5 quarantined, 6 no answer in 30 s, 7 refused by the broker.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decompress } from 'fzstd'
import kafkajs from 'kafkajs'

// The city's records are compressed with zstd, which kafkajs leaves to others.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({ decompress: async (bytes) => Buffer.from(decompress(bytes)) })

const EXIT_CODES = { accepted: 0, duplicate: 0, redirected: 3, rejected: 4, quarantined: 5 }
const NO_ANSWER = 6
const REFUSED = 7

const [credentials, submission] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')))
const source = credentials.source
const kafka = new kafkajs.Kafka({
  clientId: source,
  brokers: credentials['bootstrap.servers'].split(','),
  sasl: {
    mechanism: credentials['sasl.mechanism'].toLowerCase(),
    username: credentials['sasl.username'],
    password: credentials['sasl.password'],
  },
  ssl: credentials['security.protocol'] === 'SASL_SSL' && {
    ca: credentials['ssl.ca.location'] && [readFileSync(credentials['ssl.ca.location'])],
  },
  logLevel: kafkajs.logLevel.NOTHING,
})

const key = (submission.submission_id ??= randomUUID())
const eventId = randomUUID()
const headers = {
  ce_specversion: '1.0',
  ce_id: eventId,
  ce_source: `/city/${source}`,
  ce_type: 'city.submission.submitted.v1',
  ce_time: new Date().toISOString(),
  ce_subject: key,
  'content-type': 'application/json',
}

const producer = kafka.producer({ idempotent: true })
const consumer = kafka.consumer({ groupId: `${source}.snippet` }) // a group's name begins with yours and a dot

async function verdict() {
  await consumer.connect()
  await consumer.subscribe({ topic: `city.results.${source}.v1`, fromBeginning: true })
  return new Promise((found) => {
    consumer.run({
      eachMessage: async ({ message }) => {
        if (message.headers.ce_causationid?.toString() === eventId) found(message)
      },
    })
  })
}

async function publish() {
  const answer = verdict()
  await producer.connect()
  await producer.send({
    topic: `city.submissions.${source}.v1`,
    messages: [{ key, value: JSON.stringify(submission), headers }],
  })
  const silence = new Promise((_, late) => setTimeout(late, 30_000, NO_ANSWER))
  const message = await Promise.race([answer, silence])
  const word = message.headers.ce_type.toString().split('.')[2] // intake.submission.<verdict>.v1
  console.log(word, message.value.toString())
  return EXIT_CODES[word]
}

let code
try {
  code = await publish()
} catch (error) {
  code = error === NO_ANSWER ? NO_ANSWER : REFUSED
  console.error(code === NO_ANSWER ? 'no answer yet: send it again with the same ids, it counts once' : `the broker refused: ${error.message}`)
}
await Promise.allSettled([consumer.disconnect(), producer.disconnect()])
process.exit(code)
