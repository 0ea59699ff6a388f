// Publishes one submission and waits for its verdict.
//
//     npm install
//     node publish-submission.js pdx311.json submission.json [EVENT_ID]
//
// Exit code: 0 accepted or duplicate, 3 redirected, 4 rejected, 5 quarantined, 6 no answer in 30 s, 7 refused by the broker.
// After a 6 it prints the command that sends the same record again, with the id that it had.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { decompress } from 'fzstd'
import kafkajs from 'kafkajs'

// The city's records are compressed with zstd, which kafkajs leaves to others.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({ decompress: async (bytes) => Buffer.from(decompress(bytes)) })

const EXIT_CODES = { accepted: 0, duplicate: 0, redirected: 3, rejected: 4, quarantined: 5 }
const NO_ANSWER = 6
const REFUSED = 7
const NOT_LET_IN = new Set([
  'SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE', 'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION',
  'MESSAGE_TOO_LARGE',
])

const files = process.argv.slice(2, 4)
const [credentials, submission] = files.map((file) => JSON.parse(readFileSync(file, 'utf8')))
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

// A submission without an id gets the event's, so that this one id makes the same record again.
const eventId = process.argv[4] ?? randomUUID()
const key = (submission.submission_id ??= eventId)
const headers = {
  ce_specversion: '1.0',
  ce_id: eventId,
  ce_source: `/city/${source}`,
  ce_type: 'city.submission.submitted.v1',
  ce_time: new Date().toISOString(),
  ce_subject: key,
  'content-type': 'application/json',
}

const results = `city.results.${source}.v1`
const admin = kafka.admin()
const producer = kafka.producer({ idempotent: true })
// A group's name begins with yours and a dot. Nobody else is in this one, and it keeps no place.
const consumer = kafka.consumer({ groupId: `${source}.snippet.${eventId}` })

async function send() {
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()])
  // Where the verdicts end now, before anything is sent: ours comes after it.
  const [{ high }] = await admin.fetchTopicOffsets(results)
  await consumer.subscribe({ topic: results })
  const answer = new Promise((found, failed) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => isRefusal(payload.error) && failed(payload.error))
    const eachMessage = async ({ message }) => {
      if (message.headers.ce_causationid?.toString() === eventId) found(message)
    }
    consumer.run({ autoCommit: false, eachMessage }).catch(failed)
    consumer.seek({ topic: results, partition: 0, offset: high })
  })
  const sent = producer.send({
    topic: `city.submissions.${source}.v1`,
    messages: [{ key, value: JSON.stringify(submission), headers }],
  })
  const [message] = await Promise.all([answer, sent])
  return message
}

function isRefusal(error) {
  return error.name === 'KafkaJSSASLAuthenticationError' || NOT_LET_IN.has(error.type) || (error.cause ? isRefusal(error.cause) : false)
}

async function publish() {
  let why
  try {
    const late = new Promise((_, reject) => setTimeout(reject, 30_000, new Error('no verdict in 30 s')))
    const message = await Promise.race([send(), late])
    const word = message.headers.ce_type?.toString().split('.')[2] // intake.submission.<verdict>.v1
    console.log(word, message.value.toString())
    if (Object.hasOwn(EXIT_CODES, word)) return EXIT_CODES[word]
    why = `this program does not know the verdict ${word}`
  } catch (error) {
    why = error.message
    if (isRefusal(error)) {
      console.error(`the broker refused: ${why}`)
      return REFUSED
    }
  }
  const again = ['node', process.argv[1], ...files].map((word) => `'${word}'`).join(' ')
  console.error(`no answer to event ${eventId}, submission ${key}: ${why}`)
  console.error(`send the same record again, it counts once: ${again} ${eventId}`)
  return NO_ANSWER
}

const code = await publish()
const closed = Promise.allSettled([admin, producer, consumer].map((client) => client.disconnect()))
await Promise.race([closed, new Promise((done) => setTimeout(done, 3_000))])
process.exit(code)
