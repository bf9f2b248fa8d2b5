using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace InferMesh.Cli.Trainer;

/// <summary>The ranks of a job, joined in a star: rank 0 adds what the others send, and sends the sum back.</summary>
internal sealed class RankGroup : IDisposable
{
    private const int Word = sizeof(long);
    private const long Magic = 0x494e_4645_524d_5348; // "INFERMSH"
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HelloLimit = TimeSpan.FromSeconds(3);
    private readonly TrainerOptions _options;

    /// <summary>Of rank 0 the connections of the others, by rank; of another that to rank 0.</summary>
    private readonly Socket?[] _peers;

    private RankGroup(TrainerOptions options) => (_options, _peers) = (options, new Socket?[options.Rank == 0 ? options.WorldSize : 1]);

    /// <summary>Joins all ranks.</summary>
    /// <param name="options">This rank.</param>
    /// <param name="begin">What rank 0 begins with; the others get it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TrainerEndException">They did not all come in time.</exception>
    public static async Task<(RankGroup Group, TrainerCheckpoint Begin)> JoinAsync(TrainerOptions options, TrainerCheckpoint begin, CancellationToken cancellationToken)
    {
        var group = new RankGroup(options);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(options.PeerLimit);
            if (options.WorldSize > 1) begin = options.Rank == 0 ? await group.AcceptAsync(begin, limit.Token) : await group.ConnectAsync(limit.Token);
            return (group, begin);
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or EndOfStreamException && !cancellationToken.IsCancellationRequested)
        {
            var missing = options.Rank == 0 ? string.Join(", ", Enumerable.Range(1, options.WorldSize - 1).Where(rank => group._peers[rank] is null).Take(16)) : "0";
            group.Dispose();
            throw new TrainerEndException(TrainerExit.LostPeer, $"rank {missing} did not come within {options.PeerLimit.TotalSeconds:0} s");
        }
        catch
        {
            group.Dispose();
            throw;
        }
    }

    /// <summary>Adds up a vector over all ranks.</summary>
    /// <exception cref="TrainerEndException">A rank is gone.</exception>
    public async Task<double[]> SumAsync(double[] part, CancellationToken cancellationToken)
    {
        if (_options.WorldSize == 1)
            return part;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.PeerLimit);
        var at = 0;
        try
        {
            if (_options.Rank != 0)
            {
                await SendAsync(_peers[0]!, part, limit.Token);
                return await ReceiveAsync(_peers[0]!, part.Length, limit.Token);
            }

            var sum = part.ToArray();
            for (at = 1; at < _peers.Length; at++)
            {
                var other = await ReceiveAsync(_peers[at]!, part.Length, limit.Token);
                for (var i = 0; i < sum.Length; i++) sum[i] += other[i];
            }

            for (at = 1; at < _peers.Length; at++) await SendAsync(_peers[at]!, sum, limit.Token);
            return sum;
        }
        catch (Exception exception) when (exception is SocketException or EndOfStreamException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new TrainerEndException(TrainerExit.LostPeer, string.Create(CultureInfo.InvariantCulture, $"rank {at} is lost"));
        }
    }

    public void Dispose()
    {
        foreach (var peer in _peers) peer?.Dispose();
    }

    private async Task<TrainerCheckpoint> AcceptAsync(TrainerCheckpoint begin, CancellationToken cancellationToken)
    {
        using var listener = await ListenAsync(cancellationToken);
        while (_peers.AsSpan(1).Contains(null))
        {
            var peer = await listener.AcceptAsync(cancellationToken);
            peer.NoDelay = true;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(HelloLimit);
            try
            {
                var hello = await ReadAsync(peer, 4 * Word, patience.Token);
                if (Number(hello, 0) == Magic && Number(hello, 1) == _options.Fence && Number(hello, 2) == _options.WorldSize && Number(hello, 3) is var rank && rank > 0 && rank < _peers.Length
                    && _peers[rank] is null)
                {
                    _peers[rank] = peer;
                    continue;
                }
            }
            catch (Exception exception) when (exception is SocketException or EndOfStreamException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // Somebody who is no rank, or a rank that tries again.
            }

            // Also one of another placement, which nobody has told yet.
            peer.Dispose();
        }

        foreach (var peer in _peers.Skip(1))
        {
            await WriteAsync(peer!, Numbers(Magic, begin.Step), cancellationToken);
            await SendAsync(peer!, begin.Vector, cancellationToken);
        }

        return begin;
    }

    private async Task<TrainerCheckpoint> ConnectAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(_options.MasterAddress, _options.MasterPort, cancellationToken);
                await WriteAsync(socket, Numbers(Magic, _options.Fence, _options.WorldSize, _options.Rank), cancellationToken);
                var welcome = await ReadAsync(socket, 2 * Word, cancellationToken);
                if (Number(welcome, 0) == Magic)
                {
                    _peers[0] = socket;
                    return new(Number(welcome, 1), _options.Fence, _options.WorldSize, await ReceiveAsync(socket, TrainerSum.Length, cancellationToken));
                }
            }
            catch (Exception exception) when (exception is SocketException or EndOfStreamException && _peers[0] is null)
            {
                // Rank 0 does not listen yet, or one of an earlier placement does still.
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            socket.Dispose();
            await Task.Delay(Again, cancellationToken);
        }
    }

    private async Task<Socket> ListenAsync(CancellationToken cancellationToken)
    {
        var own = IPAddress.TryParse(_options.MasterAddress, out var given) ? given : (await Dns.GetHostAddressesAsync(_options.MasterAddress, cancellationToken)).FirstOrDefault() ?? IPAddress.Loopback;
        while (true)
        {
            var listener = new Socket(own.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                listener.Bind(new IPEndPoint(own, _options.MasterPort));
                listener.Listen(_options.WorldSize);
                return listener;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable)
            {
                listener.Dispose();
                // An address that others know may not be one of this machine's own; and the port may be an earlier placement's for a moment.
                if (exception.SocketErrorCode == SocketError.AddressNotAvailable) own = own.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
                else await Task.Delay(Again, cancellationToken);
            }
        }
    }

    private static Task SendAsync(Socket socket, double[] vector, CancellationToken cancellationToken) => WriteAsync(socket, Numbers([.. vector.Select(BitConverter.DoubleToInt64Bits)]), cancellationToken);

    private static async Task<double[]> ReceiveAsync(Socket socket, int length, CancellationToken cancellationToken)
    {
        var bytes = await ReadAsync(socket, length * Word, cancellationToken);
        return [.. Enumerable.Range(0, length).Select(i => BitConverter.Int64BitsToDouble(Number(bytes, i)))];
    }

    private static byte[] Numbers(params long[] numbers)
    {
        var bytes = new byte[numbers.Length * Word];
        for (var i = 0; i < numbers.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * Word), numbers[i]);
        return bytes;
    }

    private static long Number(byte[] bytes, int index) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(index * Word));

    private static async Task WriteAsync(Socket socket, byte[] bytes, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent), SocketFlags.None, cancellationToken);
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            var more = await socket.ReceiveAsync(bytes.AsMemory(read), SocketFlags.None, cancellationToken);
            read += more > 0 ? more : throw new EndOfStreamException();
        }

        return bytes;
    }
}
