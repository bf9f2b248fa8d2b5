using System.Buffers.Binary;
using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using InferMesh.Control.V1;
using InferMesh.Jobs.V1;
using InferMesh.Scoring.V1;
using InferMesh.State.V1;

namespace InferMesh.Tests.EndToEnd.Endurance.Fuzzing;

/// <summary>Calls of gRPC: every method of every service by its descriptor, with messages that are well-formed, broken, or noise.</summary>
internal sealed class FuzzGrpc
{
    private const int MaxDepth = 5;
    private static readonly string[] Reads = ["Get", "List", "Score", "Explain", "Watch", "Model"];

    private static readonly FileDescriptor[] Files = [ControlReflection.Descriptor, StateReflection.Descriptor, JobsReflection.Descriptor, ScoringReflection.Descriptor, Inference.GrpcServiceReflection.Descriptor];

    private readonly MethodDescriptor[] _methods = [.. Files.SelectMany(static f => f.Services).SelectMany(static s => s.Methods)];

    public IReadOnlyList<string> Methods => [.. _methods.Select(static m => m.FullName)];

    public FuzzCall Next(int index, FuzzInput input)
    {
        var method = input.Pick(_methods);
        input.OwnNamesOnly = !Reads.Any(start => method.Name.StartsWith(start, StringComparison.Ordinal));
        using var body = new MemoryStream();
        var count = method.IsClientStreaming ? input.Random.Next(0, 4) : 1;
        for (var i = 0; i < count; i++) Frame(body, Message(method, input), input);
        var headers = new List<(string, string)> { ("te", "trailers"), ("content-type", "application/grpc") };
        if (input.Chance(0.1)) headers.Add(("grpc-timeout", input.Pick(["1S", "0n", "99999999H", "-1S", "x"])));
        if (input.Chance(0.05)) headers.Add(("grpc-encoding", input.Pick(["gzip", "identity", "br", ""])));
        if (input.Chance(0.1)) headers.Add(("x-infermesh-actor", new string('a', input.Random.Next(1, 200))));
        var bytes = body.ToArray();
        var path = input.Chance(0.02) ? $"/{method.Service.FullName}/{input.OwnName()}" : $"/{method.Service.FullName}/{method.Name}";
        return new(index, FuzzWire.Grpc, method.FullName)
        {
            Method = "POST",
            Path = path,
            Caller = FuzzRest.Caller(input),
            Headers = headers,
            Body = input.Chance(0.05) ? input.Mutate(bytes) : bytes,
            IsStream = true,
        };
    }

    private static byte[] Message(MethodDescriptor method, FuzzInput input)
    {
        if (input.Chance(0.1)) return input.Bytes(256);
        var bytes = Make(method.InputType, input, 0).ToByteArray();
        return input.Chance(0.4) ? input.Mutate(bytes) : bytes;
    }

    // Compressed flag, length, message; now and then one of the first two is a lie.
    private static void Frame(MemoryStream to, byte[] message, FuzzInput input)
    {
        Span<byte> head = stackalloc byte[5];
        head[0] = (byte)(input.Chance(0.02) ? input.Random.Next(256) : 0);
        BinaryPrimitives.WriteUInt32BigEndian(head[1..], input.Chance(0.02) ? (uint)input.Random.NextInt64(uint.MaxValue) : (uint)message.Length);
        to.Write(head);
        to.Write(message);
    }

    private static IMessage Make(MessageDescriptor type, FuzzInput input, int depth)
    {
        var message = (IMessage)Activator.CreateInstance(type.ClrType)!;
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            if (depth > MaxDepth || !input.Chance(0.6)) continue;
            if (field.IsMap) AddToMap((IDictionary)field.Accessor.GetValue(message), field, input, depth);
            else if (field.IsRepeated) AddToList((IList)field.Accessor.GetValue(message), field, input, depth);
            else field.Accessor.SetValue(message, Value(field, input, depth));
        }
        return message;
    }

    private static void AddToMap(IDictionary map, FieldDescriptor field, FuzzInput input, int depth)
    {
        var (key, value) = (field.MessageType.FindFieldByNumber(1), field.MessageType.FindFieldByNumber(2));
        for (var i = input.Random.Next(3); i > 0; i--) map[Value(key, input, depth)] = Value(value, input, depth);
    }

    private static void AddToList(IList list, FieldDescriptor field, FuzzInput input, int depth)
    {
        for (var i = input.Chance(0.02) ? 1500 : input.Random.Next(3); i > 0; i--) list.Add(Value(field, input, depth));
    }

    private static object Value(FieldDescriptor field, FuzzInput input, int depth) => field.FieldType switch
    {
        FieldType.Message or FieldType.Group => Make(field.MessageType, input, depth + 1),
        FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, input.Chance(0.9) ? input.Pick([.. field.EnumType.Values]).Number : input.Random.Next()),
        FieldType.Bool => input.Chance(0.5),
        FieldType.String => input.Chance(0.7) ? input.Name() : System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(input.Text())),
        FieldType.Bytes => ByteString.CopyFrom(input.Bytes(64)),
        FieldType.Double => input.Chance(0.1) ? input.Pick([double.NaN, double.PositiveInfinity, double.NegativeInfinity]) : input.Number(),
        FieldType.Float => (float)input.Number(),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => unchecked((int)input.Whole()),
        FieldType.UInt32 or FieldType.Fixed32 => unchecked((uint)input.Whole()),
        FieldType.UInt64 or FieldType.Fixed64 => unchecked((ulong)input.Whole()),
        _ => input.Whole(),
    };
}
