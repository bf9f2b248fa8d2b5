using System.Net.Http.Json;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>Chats that come one after another, a few at once, until it is disposed of.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private const int AtOnce = 4;
    private readonly CancellationTokenSource _ends = new();
    private readonly Task _all;

    public Traffic(HttpClient api) => _all = Task.WhenAll(Enumerable.Range(0, AtOnce).Select(i => SendAsync(api, i)));

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        await _all;
        _ends.Dispose();
    }

    private async Task SendAsync(HttpClient api, int number)
    {
        for (var i = 0; !_ends.IsCancellationRequested; i++)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
                {
                    Content = JsonContent.Create(new { model = SharedMesh.Model, max_tokens = 20 + (i * 37 % 200), messages = new[] { new { role = "user", content = $"Hello {number} {i}" } } }),
                };
                request.Headers.Add("x-infermesh-tenant", "console-tests");
                using var response = await api.SendAsync(request, _ends.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
            {
                // It is over, or the mesh is busy with another test: the next one comes.
            }
        }
    }
}
