using System.Text;

namespace InferMesh.Tests.Unit.Adapters.Fuzz;

/// <summary>Spoils documents in the ways that broken tools, broken pipes and ill will do. The same seed gives the same documents.</summary>
internal sealed class Mutator(IReadOnlyList<string> corpus, int seed)
{
    private const int MaxLength = 1 << 20;

    private static readonly string[] Tokens =
    [
        "", "\0", "\uFFFD", "\\ud800", "NaN", "-Inf", "1e999", "-1", "-0", "99999999999999999999999999999999", "0.00000000000000000000001", "9223372036854775807", "2147483648", "N/A",
        "GPU is lost", "&lol;", "<![CDATA[", "]]>", "<!--", "<!DOCTYPE x [<!ENTITY lol \"lol\">]>", "</gpu>", "<gpu>", "\"", "{", "}", "[", "]", ":", ",", "=", "\n", "\r\n", "# EOF\n",
        "gpu=\"4294967296\"", "UUID=\"\"", "GPU_I_ID=\"0\"", "\"card99999\":", "\"value\":{\"value\":{\"value\":1}}", "null", "true",
    ];

    private static readonly string[] Values =
    [
        "NaN", "-Inf", "1e999", "-1", "-0", "99999999999999999999999999999999", "0.00000000000000000000001", "9223372036854775807", "2147483648", "2147483634", "N/A", "", "GPU is lost",
        "1.5.2", "Unknown Error", "\u00e9",
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next document.</summary>
    public string Next()
    {
        var text = new StringBuilder(Pick(corpus));
        // Half of the documents keep their form, so that what comes after parsing is tried as well.
        var keepForm = _random.Next(2) == 0;
        for (var steps = _random.Next(1, 5); steps > 0; steps--)
        {
            if (keepForm)
                MutateValues(text);
            else
                Mutate(text);
        }
        return text.ToString(0, Math.Min(text.Length, MaxLength));
    }

    private void Mutate(StringBuilder text)
    {
        var at = _random.Next(text.Length + 1);
        switch (_random.Next(9))
        {
            case 0: // cut off
                text.Length = at;
                break;
            case 1: // cut out
                text.Remove(at, _random.Next(Math.Min(200, text.Length - at) + 1));
                break;
            case 2 when text.Length > 0: // flip
                var place = Math.Min(at, text.Length - 1);
                text[place] = (char)(text[place] ^ (1 << _random.Next(8)));
                break;
            case 3: // duplicate
                text.Insert(at, text.ToString(at, _random.Next(Math.Min(2000, text.Length - at) + 1)));
                break;
            case 4: // splice
                var other = Pick(corpus);
                text.Length = at;
                text.Append(other.AsSpan(_random.Next(other.Length + 1)));
                break;
            case 5: // nest
                text.Insert(at, string.Concat(Enumerable.Repeat(Pick<string>(["<a>", "[", "{\"a\":", "{\"value\":", "<gpu>"]), _random.Next(1, 2000))));
                break;
            case 6: // a number becomes another
                ReplaceNumber(text, at, Pick(Tokens));
                break;
            default:
                text.Insert(at, Pick(Tokens));
                break;
        }
    }

    private void MutateValues(StringBuilder text)
    {
        var at = _random.Next(text.Length + 1);
        if (_random.Next(3) > 0)
        {
            ReplaceNumber(text, at, Pick(Values));
            return;
        }
        var whole = text.ToString();
        var from = whole.IndexOf('\n', at) + 1;
        var to = whole.IndexOf('\n', from) + 1;
        if (from == 0 || to == 0)
            return;
        if (_random.Next(2) == 0)
            text.Remove(from, to - from); // a line is lost
        else
            text.Insert(from, whole[from..to]); // or comes twice
    }

    private void ReplaceNumber(StringBuilder text, int from, string by)
    {
        var window = text.ToString(from, Math.Min(400, text.Length - from));
        var start = window.AsSpan().IndexOfAnyInRange('0', '9');
        if (start < 0)
            return;
        var length = window.AsSpan(start).IndexOfAnyExceptInRange('0', '9');
        text.Remove(from + start, length < 0 ? window.Length - start : length).Insert(from + start, by.Length > 0 ? by : _random.NextInt64().ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];
}
