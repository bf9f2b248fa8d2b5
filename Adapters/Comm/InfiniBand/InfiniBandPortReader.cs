using System.Globalization;

namespace InferMesh.Adapters.Comm.InfiniBand;

/// <summary>A file of a port.</summary>
/// <param name="Text">What it says; null when it cannot be read.</param>
/// <param name="Reason">Why it cannot be read.</param>
internal readonly record struct InfiniBandFile(string? Text, string? Reason);

/// <summary>Reads one port from its files. Never throws.</summary>
/// <param name="file">A file by its path below the port's folder.</param>
/// <param name="window">What the port counted before.</param>
internal sealed class InfiniBandPortReader(Func<string, InfiniBandFile> file, InfiniBandWindow window)
{
    /// <summary>Data counters count words of four bytes.</summary>
    private const int WordBytes = 4;

    private const double BitsPerByte = 8, Giga = 1e9;
    private const double MaxGigabits = 1e6; // a thousand times what there is
    private const int MaxNameCharacters = 64;

    private readonly MissingFields _missing = new();

    public InfiniBandPort Read(string device, int port)
    {
        var at = window.Begin();
        var counters = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var name in InfiniBandCounters.All)
        {
            if (Counter(name, name) is { } value)
                counters[name] = value;
        }
        var reading = new InfiniBandPort
        {
            Device = device,
            Port = port,
            LinkLayer = Name(nameof(InfiniBandPort.LinkLayer), "link_layer"),
            State = State(nameof(InfiniBandPort.State), "state"),
            PhysicalState = State(nameof(InfiniBandPort.PhysicalState), "phys_state"),
            RateBytesPerSecond = Rate(nameof(InfiniBandPort.RateBytesPerSecond), "rate"),
            TransmittedBytes = Bytes(nameof(InfiniBandPort.TransmittedBytes), InfiniBandCounters.TransmitData),
            ReceivedBytes = Bytes(nameof(InfiniBandPort.ReceivedBytes), InfiniBandCounters.ReceiveData),
            Counters = counters,
        };
        reading = reading with
        {
            TransmitBytesPerSecond = PerSecond(nameof(InfiniBandPort.TransmitBytesPerSecond), InfiniBandCounters.TransmitData, reading.TransmittedBytes, nameof(reading.TransmittedBytes)),
            ReceiveBytesPerSecond = PerSecond(nameof(InfiniBandPort.ReceiveBytesPerSecond), InfiniBandCounters.ReceiveData, reading.ReceivedBytes, nameof(reading.ReceivedBytes)),
            TransmitWaitTicksPerSecond = PerSecond(
                nameof(InfiniBandPort.TransmitWaitTicksPerSecond), InfiniBandCounters.TransmitWait, Counter(InfiniBandCounters.TransmitWait, InfiniBandCounters.TransmitWait), InfiniBandCounters.TransmitWait),
            LossPerSecond = Sum(nameof(InfiniBandPort.LossPerSecond), InfiniBandCounters.Loss, counters),
            CongestionPerSecond = Sum(nameof(InfiniBandPort.CongestionPerSecond), InfiniBandCounters.Congestion, counters),
            Window = window.End(at),
        };
        if (reading.Window is null)
            _missing.Add(nameof(reading.Window), InfiniBandWindow.FirstRead);
        return reading with { Missing = _missing.ToReadOnly() };
    }

    /// <summary>A counter of events since it was reset, from either folder.</summary>
    private long? Counter(string field, string name)
    {
        var (read, folder) = (file("counters/" + name), "counters/");
        if (read.Text is null && file("hw_counters/" + name) is { Text: not null } other)
            (read, folder) = (other, "hw_counters/");
        if (read.Text is not { } text)
            return Missing<long?>(field, read.Reason ?? "there is no such counter");
        return long.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : Missing<long?>(field, $"{folder}{name} is no count: '{Short(text)}'");
    }

    private long? Bytes(string field, string name)
    {
        if (Counter(field, name) is not { } words)
            return null;
        // The classic counter of 32 bits does not wrap: it stays at its end, and says nothing from then on.
        if (words == uint.MaxValue)
            return Missing<long?>(field, $"{name} stands at the end of its 32 bits until it is reset");
        return words <= long.MaxValue / WordBytes ? words * WordBytes : Missing<long?>(field, $"{name} is out of range");
    }

    private double? PerSecond(string field, string counter, long? value, string source)
    {
        if (value is not { } known)
        {
            window.Forget(counter);
            return Missing<double?>(field, _missing.Reason(source) ?? "it is not known");
        }
        return window.PerSecond(counter, known, out var reason) ?? Missing<double?>(field, reason!);
    }

    /// <summary>The sum over the counters that there are; one that was reset makes the window of the sum start anew.</summary>
    private double? Sum(string field, IReadOnlyList<string> names, SortedDictionary<string, long> counters)
    {
        double? sum = null;
        string? reason = null;
        foreach (var name in names)
        {
            if (!counters.TryGetValue(name, out var value))
                window.Forget(name);
            else if (window.PerSecond(name, value, out var why) is { } rate)
                sum = (sum ?? 0) + rate;
            else
                reason ??= why;
        }
        if (reason is not null)
            return Missing<double?>(field, reason);
        return sum ?? Missing<double?>(field, $"the device has none of {string.Join(", ", names)}");
    }

    /// <summary>States are a number and a name: <c>4: ACTIVE</c>.</summary>
    private string? State(string field, string path)
    {
        var read = file(path);
        if (read.Text is not { } text)
            return Missing<string?>(field, read.Reason ?? "it cannot be read");
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && Word(text[(colon + 1)..]) is { } name ? name : Missing<string?>(field, $"{path} is no state: '{Short(text)}'");
    }

    private string? Name(string field, string path)
    {
        var read = file(path);
        return read.Text is not { } text ? Missing<string?>(field, read.Reason ?? "it cannot be read") : Word(text) ?? Missing<string?>(field, $"{path} is no name: '{Short(text)}'");
    }

    /// <summary>Width by speed, in decimal gigabits: <c>100 Gb/sec (4X EDR)</c>.</summary>
    private double? Rate(string field, string path)
    {
        var read = file(path);
        if (read.Text is not { } text)
            return Missing<double?>(field, read.Reason ?? "it cannot be read");
        var unit = text.IndexOf(" Gb/sec", StringComparison.Ordinal);
        return unit > 0 && double.TryParse(text.AsSpan(0, unit).Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var gigabits) && gigabits is >= 0 and <= MaxGigabits
            ? gigabits * Giga / BitsPerByte
            : Missing<double?>(field, $"{path} is no rate: '{Short(text)}'");
    }

    /// <summary>A name without anything that has no place on a screen.</summary>
    private static string? Word(string text)
    {
        var word = text.Trim();
        return word.Length is > 0 and <= MaxNameCharacters && word.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or ' ') ? word : null;
    }

    private static string Short(string text) => new([.. text.Trim().Take(MaxNameCharacters).Select(static c => char.IsControl(c) ? ' ' : c)]);

    private T? Missing<T>(string field, string reason)
    {
        _missing.Add(field, reason);
        return default;
    }
}
