package weft.peers

import io.ktor.network.selector.SelectorManager
import io.ktor.network.sockets.InetSocketAddress
import io.ktor.network.sockets.Socket
import io.ktor.network.sockets.UnixSocketAddress
import io.ktor.network.sockets.aSocket
import io.ktor.network.sockets.openReadChannel
import io.ktor.network.sockets.openWriteChannel
import io.ktor.utils.io.readAvailable
import io.ktor.utils.io.writeFully
import java.io.IOException
import java.util.concurrent.Executors
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

private const val BACKLOG = 1024
private const val CHUNK = 32 * 1024

/**
 * Kotlin's coroutines with ktor's sockets as an echo server: `KtorPeerKt streams tcp|unix WHERE`. A coroutine for
 * each connection, all on one thread; ktor's selector has another of its own.
 */
fun main(args: Array<String>) {
    val dispatcher = Executors.newSingleThreadExecutor().asCoroutineDispatcher()
    runBlocking(dispatcher) {
        val unix = args[1] == "unix"
        val address = if (unix) UnixSocketAddress(args[2]) else InetSocketAddress("127.0.0.1", args[2].toInt())
        val server = aSocket(SelectorManager(dispatcher)).tcp().bind(address) { backlogSize = BACKLOG }
        val place = if (unix) args[2] else (server.localAddress as InetSocketAddress).port
        println("READY $place Kotlin ${KotlinVersion.CURRENT}, ktor-network ${Socket::class.java.`package`.implementationVersion ?: ""}")
        while (true) {
            val socket = server.accept()
            launch { echo(socket) }
        }
    }
}

private suspend fun echo(socket: Socket) {
    try {
        val input = socket.openReadChannel()
        val output = socket.openWriteChannel()
        val buffer = ByteArray(CHUNK)
        while (true) {
            val n = input.readAvailable(buffer)
            if (n < 0) break
            output.writeFully(buffer, 0, n)
            output.flush()
        }
    } catch (e: IOException) {
        // The client has gone.
    } finally {
        socket.close()
    }
}
