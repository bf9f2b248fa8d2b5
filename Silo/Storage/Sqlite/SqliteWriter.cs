using System.Threading.Channels;

namespace InferMesh.Silo.Storage.Sqlite;

/// <summary>
/// The one writer of this process. SQLite lets one connection write at a time, so writers that queue here instead of on the file's
/// lock share a commit: a disk flush is paid per batch, not per write.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int QueueLength = 8192;

    private readonly Channel<SqliteWrite> _queue = Channel.CreateBounded<SqliteWrite>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly SqliteDatabase _database;
    private readonly int _maxBatch;
    private readonly StorageMetrics _metrics;
    private readonly Thread _thread;
    private SqliteBatch? _batch;

    public SqliteWriter(SqliteDatabase database, int maxBatch, StorageMetrics metrics)
    {
        _database = database;
        _maxBatch = maxBatch;
        _metrics = metrics;
        // A thread of its own: SQLite blocks while it flushes, and the silo's pool has few threads.
        _thread = new Thread(Run) { IsBackground = true, Name = "sqlite-writer" };
        _thread.Start();
    }

    /// <summary>Queues the write; waits when the queue is full.</summary>
    /// <returns>What it came to, once it is on the disk.</returns>
    public async Task<WriteResult> WriteAsync(SqliteWrite write)
    {
        await _queue.Writer.WriteAsync(write);
        return await write.Done.Task;
    }

    /// <summary>Finishes what is queued, then stops.</summary>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _thread.Join();
    }

    private void Run()
    {
        var writes = new List<SqliteWrite>(_maxBatch);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            writes.Clear();
            while (writes.Count < _maxBatch && _queue.Reader.TryRead(out var write))
                writes.Add(write);
            Commit(writes);
        }

        _batch?.Dispose();
    }

    private void Commit(List<SqliteWrite> writes)
    {
        try
        {
            Apply(writes);
        }
        catch (Exception) when (writes.Count > 1)
        {
            // One bad write must not fail its neighbours. A write that did reach the disk is now refused as a conflict, which is
            // safe: its grain reads again.
            foreach (var write in writes)
                CommitAlone(write);
        }
        catch (Exception e)
        {
            writes[0].Done.TrySetException(e);
        }
    }

    private void CommitAlone(SqliteWrite write)
    {
        try
        {
            Apply([write]);
        }
        catch (Exception e)
        {
            write.Done.TrySetException(e);
        }
    }

    private void Apply(List<SqliteWrite> writes)
    {
        try
        {
            _batch ??= new SqliteBatch(_database);
            var results = _batch.Apply(writes);
            _metrics.Batch(writes.Count);
            for (var i = 0; i < writes.Count; i++)
                writes[i].Done.TrySetResult(results[i]);
        }
        catch
        {
            // A connection that has failed once (disk full, file replaced) is not trusted again.
            _batch?.Dispose();
            _batch = null;
            throw;
        }
    }
}
