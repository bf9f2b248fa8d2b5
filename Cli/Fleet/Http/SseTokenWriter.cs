using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Writes the chunks of one stream. Everything but the token itself is encoded once, so a token costs three copies.</summary>
internal sealed class SseTokenWriter
{
    private const string Usage = ",\"usage\":null";

    private readonly byte[] _beforeToken;
    private readonly byte[] _afterToken;
    private readonly byte[]? _first;
    private readonly string _head;
    private readonly bool _chat;
    private readonly bool _includeUsage;
    private readonly uint _seed;

    public SseTokenWriter(string id, string model, long created, bool chat, bool includeUsage, uint seed)
    {
        _chat = chat;
        _includeUsage = includeUsage;
        _seed = seed;
        var kind = chat ? "chat.completion.chunk" : "text_completion";
        _head = string.Create(CultureInfo.InvariantCulture,
            $"data: {{\"id\":\"{id}\",\"object\":\"{kind}\",\"created\":{created},\"model\":\"{JsonEncodedText.Encode(model)}\",\"choices\":[");
        var nullUsage = includeUsage ? Usage : "";
        _beforeToken = Encoding.UTF8.GetBytes(_head + (chat ? "{\"index\":0,\"delta\":{\"content\":\"" : "{\"index\":0,\"text\":\""));
        _afterToken = Encoding.UTF8.GetBytes((chat ? "\"}" : "\"") + ",\"logprobs\":null,\"finish_reason\":null}]" + nullUsage + "}\n\n");
        if (chat)
        {
            _first = Encoding.UTF8.GetBytes(
                _head + "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]" + nullUsage + "}\n\n");
        }
    }

    /// <summary>Writes the tokens from <paramref name="from"/> up to <paramref name="to"/>, one event each, without flushing.</summary>
    public void WriteTokens(PipeWriter writer, int from, int to)
    {
        if (from == 0 && to > 0 && _first is not null)
            writer.Write(_first);
        for (var token = from; token < to; token++)
        {
            var word = FillerText.Word(_seed, token);
            var length = _beforeToken.Length + word.Length + _afterToken.Length;
            var span = writer.GetSpan(length);
            _beforeToken.CopyTo(span);
            word.CopyTo(span[_beforeToken.Length..]);
            _afterToken.CopyTo(span[(_beforeToken.Length + word.Length)..]);
            writer.Advance(length);
        }
    }

    /// <summary>Writes a call of a function: first who is called, then with what, as runtimes do. Without flushing.</summary>
    public void WriteToolCall(PipeWriter writer, string id, string function, string arguments)
    {
        var end = "}}]},\"logprobs\":null,\"finish_reason\":null}]" + (_includeUsage ? Usage : "") + "}\n\n";
        var call = new StringBuilder(_head)
            .Append("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"").Append(id)
            .Append("\",\"type\":\"function\",\"function\":{\"name\":\"").Append(JsonEncodedText.Encode(function)).Append("\",\"arguments\":\"\"").Append(end)
            .Append(_head).Append("{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"")
            .Append(JsonEncodedText.Encode(arguments)).Append('"').Append(end);
        writer.Write(Encoding.UTF8.GetBytes(call.ToString()));
    }

    /// <summary>Writes the finish reason, the usage if asked for, and the end mark, without flushing.</summary>
    public void WriteEnd(PipeWriter writer, string finishReason, int promptTokens, int completionTokens)
    {
        var end = new StringBuilder(_head)
            .Append(_chat ? "{\"index\":0,\"delta\":{}" : "{\"index\":0,\"text\":\"\"")
            .Append(",\"logprobs\":null,\"finish_reason\":\"").Append(finishReason).Append("\"}]")
            .Append(_includeUsage ? Usage : "").Append("}\n\n");
        if (_includeUsage)
        {
            end.Append(_head).Append(CultureInfo.InvariantCulture,
                $"],\"usage\":{{\"prompt_tokens\":{promptTokens},\"completion_tokens\":{completionTokens},\"total_tokens\":{promptTokens + completionTokens}}}}}\n\n");
        }

        end.Append("data: [DONE]\n\n");
        writer.Write(Encoding.UTF8.GetBytes(end.ToString()));
    }
}
