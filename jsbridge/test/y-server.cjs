// The server of npm's y-websocket 2 in a process of its own, so that it has its
// own copy of yjs and can be killed. Takes a port, prints it when listening.
const http = require('node:http')
const { WebSocketServer } = require('ws')
const { setupWSConnection } = require('y-websocket-2/bin/utils')

const server = http.createServer()
const sockets = new WebSocketServer({ server })
sockets.on('connection', (socket, request) => {
  // What a test asks for in the address: close with a code of its choice.
  const { searchParams } = new URL(request.url, 'http://localhost')
  const code = Number(searchParams.get('close'))
  if (code) return socket.close(code, searchParams.get('reason') ?? '')
  setupWSConnection(socket, request)
})
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => process.send(server.address().port))
process.on('message', message => {
  if (message === 'drop') for (const socket of sockets.clients) socket.terminate()
})
process.on('disconnect', () => process.exit())
