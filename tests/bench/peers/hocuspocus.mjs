// @hocuspocus/server as its README starts it, without storage: HOST and PORT
// from the environment. Version 4 asks for Node 22 and runs on 20 as well.
import { Server } from '@hocuspocus/server'

const server = new Server({
  address: process.env.HOST,
  port: Number(process.env.PORT),
  quiet: true
})
await server.listen()
